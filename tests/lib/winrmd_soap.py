# SPDX-License-Identifier: Apache-2.0
"""The WS-Management messages of the WinRM test server (winrmd.py): what MS-WSMV and DSP0226 let a client ask of a
text shell, checked as Windows does, and the answers."""

import base64
import binascii
import re
import time
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from winrmd_shell import Fault

NS = {
    's': 'http://www.w3.org/2003/05/soap-envelope',
    'a': 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
    'x': 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
    'e': 'http://schemas.xmlsoap.org/ws/2004/08/eventing',
    'n': 'http://schemas.xmlsoap.org/ws/2004/09/enumeration',
    'w': 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
    'p': 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
}
SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
RESOURCE = SHELL + '/cmd'
WSMID = 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd'
ANONYMOUS = NS['a'] + '/role/anonymous'
FAULT_ACTION = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault'
FAULT_DETAIL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/'
ACTIONS = {
    NS['x'] + '/Create': 'Create', NS['x'] + '/Delete': 'Delete', NS['x'] + '/Get': 'Get',
    SHELL + '/Command': 'Command', SHELL + '/Receive': 'Receive', SHELL + '/Send': 'Send', SHELL + '/Signal': 'Signal',
}
DURATION = re.compile(r'P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?')
CODE_PAGES = {437, 850, 852, 858, 866, 932, 936, 949, 950, 1250, 1251, 1252, 1253, 1254, 65001}
MIN_ENVELOPE = 8192
DEFAULT_TIMEOUT = 60
DEFAULT_IDLE = 7200
UUID_URI = re.compile(r'(uuid|urn:uuid):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.I)


def q(prefix, name):
    return '{%s}%s' % (SHELL if prefix == 'rsp' else NS[prefix], name)


def seconds(text):
    match = DURATION.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    y, mo, d, h, mi, s = (float(g or 0) for g in match.groups())
    return ((((y * 365 + mo * 30) + d) * 24 + h) * 60 + mi) * 60 + s


def schema(message, number=2150858817):
    return Fault(True, 'w:SchemaValidationError', number, 'The SOAP XML in the message does not match the '
                 'corresponding XML schema definition. Change the XML and retry. ' + message)


def header_needed(name):
    return Fault(True, 'a:MessageInformationHeaderRequired', 2150858769, 'The WS-Management service cannot process '
                 'the request. The packet is missing the %s header. ' % name)


def header_invalid(name, number=2150858767):
    return Fault(True, 'a:InvalidMessageInformationHeader', number, 'The WS-Management service cannot process the '
                 'request because the %s header is not valid. ' % name)


def parse(data, charset):
    """The root element; raises Fault.  Document types are forbidden, as in SOAP and in Windows."""
    try:
        text = data.decode(charset)
        if '<!DOCTYPE' in text:
            raise schema('A DTD is not allowed.', 2150858819)
        return ET.fromstring(text.encode('utf-8') if text.lstrip('\ufeff').startswith('<?xml') else text)
    except (UnicodeDecodeError, ET.ParseError) as e:
        raise schema('The XML is not well formed: %s. ' % e, 2150858819)


class Request:
    """An envelope whose headers were checked."""

    def __init__(self, root):
        self.message_id = None
        if root.tag != q('s', 'Envelope'):
            raise Fault(True, 's:VersionMismatch', 2150858765, 'The SOAP version is not supported. ')
        self.header, self.body = root.find(q('s', 'Header')), root.find(q('s', 'Body'))
        if self.body is None:
            raise schema('There is no Body. ')
        self.identify = self.body.find('{%s}Identify' % WSMID) is not None
        if self.identify:
            return
        if self.header is None:
            raise header_needed('Action')
        self._addressing()
        self._limits()
        self._must_understand()
        self.selectors = self._named('w', 'SelectorSet', 'Selector', 'w:InvalidSelectors', 2150858847)
        self.options = self._named('w', 'OptionSet', 'Option', 'w:InvalidOptions', 2150859140)

    def text(self, prefix, name):
        found = self.header.findall(q(prefix, name))
        if len(found) > 1:
            raise header_invalid(name)
        return None if not found else (found[0].text or '').strip()

    def _addressing(self):
        message_id = self.text('a', 'MessageID')
        if message_id is None:
            raise header_needed('MessageID')
        if not UUID_URI.fullmatch(message_id):
            raise header_invalid('MessageID')
        self.message_id = message_id
        if self.text('a', 'To') is None:
            raise header_needed('To')
        reply = self.header.find(q('a', 'ReplyTo'))
        address = None if reply is None else reply.find(q('a', 'Address'))
        if address is None:
            raise header_needed('ReplyTo')
        if (address.text or '').strip() != ANONYMOUS:
            raise Fault(True, 'w:UnsupportedFeature', 2150858852, 'The WS-Management service does not support the '
                        'specified addressing mode. ', 'AddressingMode')
        action = self.text('a', 'Action')
        if action is None:
            raise header_needed('Action')
        if action not in ACTIONS:
            raise Fault(True, 'a:ActionNotSupported', 2150858753, 'The WS-Management service cannot process the '
                        'request. The WS-Addressing action URI is invalid. ', 'InvalidAction')
        self.action, self.operation = action, ACTIONS[action]
        resource = self.text('w', 'ResourceURI')
        if resource != RESOURCE:
            raise Fault(True, 'a:DestinationUnreachable', 2150858754 if not resource else 2150858811,
                        'The WS-Management service cannot process the request. The resource URI is missing or it has '
                        'an incorrect format. ' if not resource else 'The WS-Management service cannot process the '
                        'request. The resource URI (%s) was not found in the WS-Management catalog. ' % resource,
                        'InvalidResourceURI')

    def _limits(self):
        timeout = self.text('w', 'OperationTimeout')
        try:
            self.timeout = DEFAULT_TIMEOUT if timeout is None else seconds(timeout)
        except ValueError:
            raise header_invalid('OperationTimeout', 2150858881)
        size = self.text('w', 'MaxEnvelopeSize')
        if size is not None and not re.fullmatch(r'[0-9]+', size):
            raise header_invalid('MaxEnvelopeSize', 2150858823)
        self.max_envelope = None if size is None else int(size)
        if size is not None and int(size) < MIN_ENVELOPE:
            raise Fault(True, 'w:EncodingLimit', 2150858878, 'The WS-Management service cannot process the request. '
                        'The MaxEnvelopeSize value is too small. ', 'MinimumEnvelopeLimit')

    def _must_understand(self):
        known = {q('a', n) for n in ('To', 'ReplyTo', 'FaultTo', 'From', 'Action', 'MessageID', 'RelatesTo')}
        known |= {q('w', n) for n in ('MaxEnvelopeSize', 'OperationTimeout', 'Locale', 'ResourceURI', 'SelectorSet',
                                      'OptionSet')}
        known |= {q('p', n) for n in ('DataLocale', 'SessionId', 'OperationID', 'SequenceId', 'ActivityId')}
        for element in self.header:
            if element.get(q('s', 'mustUnderstand')) in ('true', '1') and element.tag not in known:
                raise Fault(True, 's:MustUnderstand', 2150858768, 'The WS-Management service cannot process a SOAP '
                            'header in the request that is marked as mustUnderstand by the client. (%s) ' % element.tag)

    def _named(self, prefix, outer, inner, subcode, number):
        result = {}
        for group in self.header.findall(q(prefix, outer)):
            for element in group:
                name = element.get('Name')
                if element.tag != q(prefix, inner) or not name:
                    raise schema('%s holds something else than a named %s. ' % (outer, inner))
                if name in result:
                    raise Fault(True, subcode, number, 'The %s %s is there twice. ' % (inner, name))
                result[name] = (element.text or '').strip()
                if element.get('MustComply') in ('true', '1') and not name.startswith('WINRS_'):
                    raise Fault(True, 'w:InvalidOptions', 2150858834, 'The option %s is not known. ' % name,
                                'InvalidName')
        return result

    def payload(self, name, needed=True):
        children = list(self.body)
        if not children and not needed:
            return None
        if len(children) != 1 or children[0].tag != q('rsp', name):
            raise Fault(True, 'w:SchemaValidationError', 2150858791, 'The SOAP body must hold one %s. ' % name)
        return children[0]

    def boolean(self, option, default='FALSE'):
        value = self.options.get(option, default).upper()
        if value not in ('TRUE', 'FALSE', '1', '0'):
            raise Fault(True, 'w:InvalidOptions', 2150858835, 'The value of the option %s is not valid. ' % option,
                        'InvalidValue')
        return value in ('TRUE', '1')


def envelope(action, relates_to, body):
    spaces = ' '.join('xmlns:%s="%s"' % item for item in NS.items())
    relates = '<a:RelatesTo>%s</a:RelatesTo>' % escape(relates_to) if relates_to else ''
    return ('<s:Envelope xml:lang="en-US" %s xmlns:rsp="%s"><s:Header><a:Action>%s</a:Action>'
            '<a:MessageID>uuid:%s</a:MessageID><a:To>%s</a:To>%s</s:Header><s:Body>%s</s:Body></s:Envelope>'
            % (spaces, SHELL, action, str(uuid.uuid4()).upper(), ANONYMOUS, relates, body))


def fault_envelope(fault, relates_to):
    detail = '<w:FaultDetail>%s%s</w:FaultDetail>' % (FAULT_DETAIL, fault.detail) if fault.detail else ''
    plain = fault.subcode in ('s:MustUnderstand', 's:VersionMismatch')
    value = fault.subcode if plain else 's:Sender' if fault.sender else 's:Receiver'
    subcode = '' if plain else '<s:Subcode><s:Value>%s</s:Value></s:Subcode>' % fault.subcode
    return envelope(FAULT_ACTION, relates_to, (
        '<s:Fault><s:Code><s:Value>%s</s:Value>%s</s:Code><s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason>'
        '<s:Detail>%s<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%d" '
        'Machine="winrmd"><f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>')
        % (value, subcode, escape(fault.reason), detail, fault.number, escape(fault.message)))


def identify_envelope():
    return ('<s:Envelope xml:lang="en-US" xmlns:s="%s"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid="%s">'
            '<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>'
            '<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>'
            '<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>'
            '</wsmid:IdentifyResponse></s:Body></s:Envelope>' % (NS['s'], WSMID))


class Service:
    """Carries out requests on the shells of one server."""

    def __init__(self, shells, max_envelope, note):
        self.shells, self.max_envelope, self.note = shells, max_envelope, note

    def answer(self, request, user, client, url):
        """The envelope that answers a checked request."""
        deadline = time.monotonic() + request.timeout
        if request.operation == 'Create':
            body = self.create(request, user, client, url)
        else:
            shell = self.find(request, user)
            shell.busy += 1
            try:
                body = getattr(self, request.operation.lower())(request, shell, deadline)
            finally:
                shell.busy -= 1
                shell.touched = time.monotonic()
        return envelope(request.action + 'Response', request.message_id, body)

    def find(self, request, user):
        extra = set(request.selectors) - {'ShellId'}
        if extra or 'ShellId' not in request.selectors:
            raise Fault(True, 'w:InvalidSelectors', 2150858843 if extra else 2150858842, 'The WS-Management service '
                        'cannot process the request because the request contained invalid selectors for the '
                        'resource. ', 'UnexpectedSelectors' if extra else 'InsufficientSelectors')
        return self.shells.find(user, request.selectors['ShellId'])

    def create(self, request, user, client, url):
        body = request.payload('Shell')
        known = {q('rsp', n) for n in ('Environment', 'WorkingDirectory', 'Lifetime', 'IdleTimeOut', 'InputStreams',
                                       'OutputStreams')}
        if any(child.tag not in known for child in body):
            raise schema('Shell holds an element that is not known. ')
        inputs = (body.findtext(q('rsp', 'InputStreams')) or '').split()
        outputs = (body.findtext(q('rsp', 'OutputStreams')) or '').split()
        if set(inputs) - {'stdin'} or not outputs or set(outputs) - {'stdout', 'stderr'}:
            raise schema('The streams of a text shell are stdin, stdout and stderr. ', 2150859149)
        env = {}
        for variable in body.findall('%s/%s' % (q('rsp', 'Environment'), q('rsp', 'Variable'))):
            if not variable.get('Name'):
                raise schema('A variable has no name. ')
            env[variable.get('Name')] = variable.text or ''
        code_page = request.options.get('WINRS_CODEPAGE', '437')
        if not re.fullmatch(r'[0-9]+', code_page) or int(code_page) not in CODE_PAGES:
            raise Fault(True, 'w:InvalidOptions', 2150859072, 'The code page %s is not supported. ' % code_page,
                        'InvalidValue')
        env['WINRS_CODEPAGE'] = code_page
        env['WINRS_NOPROFILE'] = '1' if request.boolean('WINRS_NOPROFILE') else '0'
        idle = DEFAULT_IDLE
        for name in ('IdleTimeOut', 'Lifetime'):
            if body.find(q('rsp', name)) is not None:
                try:
                    idle = min(idle, seconds(body.findtext(q('rsp', name)) or ''))
                except ValueError:
                    raise schema('%s is not a duration. ' % name)
        cwd = (body.findtext(q('rsp', 'WorkingDirectory')) or '').strip() or None
        shell = self.shells.create(user, inputs, outputs, env, cwd, idle)
        return ('<x:ResourceCreated><a:Address>%s</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>'
                '<w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet></a:ReferenceParameters>'
                '</x:ResourceCreated>' % (escape(url), RESOURCE, shell.id)) + self.describe(shell, client)

    def describe(self, shell, client):
        def duration(value):
            return 'PT%.3fS' % value
        now = time.monotonic()
        where = '<rsp:WorkingDirectory>%s</rsp:WorkingDirectory>' % escape(shell.cwd) if shell.cwd else ''
        return ('<rsp:Shell><rsp:ShellId>%s</rsp:ShellId><rsp:ResourceUri>%s</rsp:ResourceUri><rsp:Owner>%s'
                '</rsp:Owner><rsp:ClientIP>%s</rsp:ClientIP>%s<rsp:IdleTimeOut>%s</rsp:IdleTimeOut><rsp:InputStreams>%s'
                '</rsp:InputStreams><rsp:OutputStreams>%s</rsp:OutputStreams><rsp:ShellRunTime>%s</rsp:ShellRunTime>'
                '<rsp:ShellInactivity>%s</rsp:ShellInactivity></rsp:Shell>'
                % (shell.id, RESOURCE, escape(shell.user), client, where, duration(shell.idle), ' '.join(shell.inputs),
                   ' '.join(shell.outputs), duration(now - shell.born), duration(now - shell.touched)))

    def get(self, request, shell, _):
        request.payload('', False)
        return self.describe(shell, '127.0.0.1')

    def delete(self, request, shell, _):
        request.payload('', False)
        self.shells.delete(shell)
        return ''

    def command(self, request, shell, _):
        body = request.payload('CommandLine')
        parts = [child.text or '' for child in body]
        if [c.tag for c in body] != [q('rsp', 'Command')] + [q('rsp', 'Arguments')] * (len(parts) - 1):
            raise schema('CommandLine is one Command and its Arguments. ')
        if not parts[0].strip():
            raise schema('The Command is empty. ')
        console = request.boolean('WINRS_CONSOLEMODE_STDIN', 'TRUE')
        command = self.shells.run(shell, ' '.join(parts), request.boolean('WINRS_SKIP_CMD_SHELL'))
        command.console = console
        self.note('run %s' % ' '.join(parts)[:200])
        return '<rsp:CommandResponse><rsp:CommandId>%s</rsp:CommandId></rsp:CommandResponse>' % command.id

    def command_of(self, shell, element):
        command = shell.commands.get((element.get('CommandId') or '').strip().upper())
        if not command:
            raise Fault(True, 'w:InvalidSelectors', 2150858843, 'The request for the Windows Remote Shell with '
                        'ShellId %s failed because the command was not found. ' % shell.id, 'UnexpectedSelectors')
        return command

    def send(self, request, shell, deadline):
        for stream in request.payload('Send'):
            if stream.tag != q('rsp', 'Stream'):
                raise schema('Send holds Streams. ')
            if stream.get('Name') not in shell.inputs:
                raise Fault(True, 'w:InvalidParameter', 2150859147, 'The input stream is not known to the shell. ')
            end = stream.get('End', 'false')
            if end not in ('true', '1', 'false', '0'):
                raise schema('End is a boolean. ')
            try:
                data = base64.b64decode(''.join((stream.text or '').split()), validate=True)
            except binascii.Error:
                raise schema('The stream is not base64. ')
            command = self.command_of(shell, stream)
            if command.console:     # who pipes says so: Windows makes a console of it otherwise
                self.note('warning: standard input is a console, WINRS_CONSOLEMODE_STDIN is not FALSE')
            command.send(data, end in ('true', '1'), deadline)
        return '<rsp:SendResponse/>'

    def signal(self, request, shell, _):
        body = request.payload('Signal')
        command = self.command_of(shell, body)
        code = (body.findtext(q('rsp', 'Code')) or '').strip()
        if code == SHELL + '/signal/terminate':
            command.terminate()
            del shell.commands[command.id]
        elif code in (SHELL + '/signal/ctrl_c', SHELL + '/signal/ctrl_break'):
            command.interrupt()
        else:
            raise Fault(True, 'w:InvalidParameter', 87, 'The parameter is incorrect. ')
        return '<rsp:SignalResponse/>'

    def receive(self, request, shell, deadline):
        body = request.payload('Receive')
        wanted = body.find(q('rsp', 'DesiredStream'))
        if wanted is None:
            raise schema('Receive wants a DesiredStream. ')
        names = (wanted.text or '').split()
        if not names or set(names) - set(shell.outputs):
            raise Fault(True, 'w:InvalidParameter', 2150859149, 'The desired streams are not those of the shell. ')
        command = self.command_of(shell, wanted)
        limit = min(request.max_envelope or self.max_envelope, self.max_envelope)
        chunks, done = command.receive(names, (limit - 4096) * 3 // 4, deadline)
        out = ['<rsp:Stream Name="%s" CommandId="%s">%s</rsp:Stream>'
               % (name, command.id, base64.b64encode(data).decode()) for name, data in chunks]
        state = 'Running'
        if done:
            out += ['<rsp:Stream Name="%s" CommandId="%s" End="true"></rsp:Stream>' % (n, command.id) for n in names]
            state = 'Done'
        exit_code = '<rsp:ExitCode>%d</rsp:ExitCode>' % command.exit_code if done else ''
        return ('<rsp:ReceiveResponse>%s<rsp:CommandState CommandId="%s" State="%s/CommandState/%s">%s'
                '</rsp:CommandState></rsp:ReceiveResponse>' % (''.join(out), command.id, SHELL, state, exit_code))
