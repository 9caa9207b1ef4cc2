# SPDX-License-Identifier: Apache-2.0
"""Proof of the WinRM test server by a client that others wrote for Windows: pywinrm, with requests-ntlm.

usage: winrmd_proof.py CASE,CASE... URL USER PASSWORD TRANSPORT ENCRYPTION [CA]
"""

import base64
import http.client
import sys
import time
import uuid
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

import winrm
import xmltodict
from ntlm_auth.ntlm import NtlmContext
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMOperationTimeoutError, WinRMTransportError
from winrm.protocol import Protocol

SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'


def check(what, expected, got):
    if expected != got:
        raise SystemExit('%s: expected %r, got %r' % (what, expected, got))


def protocol(url, user, password, transport, encryption, ca=None, timeout=20):
    return Protocol(url, transport=transport, username=user, password=password, message_encryption=encryption,
                    ca_trust_path=ca, operation_timeout_sec=timeout, read_timeout_sec=timeout + 10)


def run(p, shell, command, *args, **kwargs):
    command_id = p.run_command(shell, command, args, **kwargs)
    result = p.get_command_output(shell, command_id)
    p.cleanup_command(shell, command_id)
    return result


def message(p, shell, operation, body):
    request = p._get_soap_header(resource_uri=SHELL + '/cmd', action=SHELL + '/' + operation, shell_id=shell)
    request['env:Body'] = body
    return p.send_message(xmltodict.unparse({'env:Envelope': request}))


def send(p, shell, command_id, data, end):
    stream = {'@Name': 'stdin', '@CommandId': command_id, '#text': base64.b64encode(data).decode()}
    if end:
        stream['@End'] = 'true'
    message(p, shell, 'Send', {'rsp:Send': {'rsp:Stream': stream}})


def signal(p, shell, command_id, code):
    message(p, shell, 'Signal', {'rsp:Signal': {'@CommandId': command_id, 'rsp:Code': SHELL + '/signal/' + code}})


def refused(what, text, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except (WinRMError, WinRMTransportError, InvalidCredentialsError) as e:
        if text not in str(e):
            raise SystemExit('%s: expected %r in %r' % (what, text, str(e)))
        return
    raise SystemExit('%s: it was not refused' % what)


def case_short(*how):
    """What every way of talking must do."""
    session = winrm.Session(how[0], auth=how[1:3], transport=how[3], message_encryption=how[4],
                            **({'ca_trust_path': how[5]} if len(how) > 5 else {}))
    r = session.run_cmd('echo', ['"a <b> & ü €"', '; echo err >&2; exit 7'])
    check('output', ('a <b> & ü €\n'.encode(), b'err\n', 7), (r.std_out, r.std_err, r.status_code))
    r = session.run_ps('Write-Host "grüß"')
    check('PowerShell', ('Write-Host "grüß"\n'.encode(), 0), (r.std_out, r.status_code))
    r = session.run_cmd('seq 60000')
    check('long output', ''.join('%d\n' % i for i in range(1, 60001)).encode(), r.std_out)


def case_shell(*how):
    """The life of a shell and its commands."""
    p = protocol(*how)
    shell = p.open_shell(working_directory='/etc', env_vars={'WORD': 'a <b> ü'}, codepage=65001, noprofile=True)
    out, _, code = run(p, shell, 'pwd; echo "$WORD $WINRS_CODEPAGE $WINRS_NOPROFILE"; kill -SEGV $$')
    check('shell', ('/etc\na <b> ü 65001 1\n'.encode(), 0xC0000005), (out, code))
    command = p.run_command(shell, 'cat; echo; wc -c', console_mode_stdin=False)
    send(p, shell, command, b'abc\r\n', False)
    send(p, shell, command, bytes(range(256)) * 200, True)
    out, _, code = p.get_command_output(shell, command)
    check('input', (b'abc\r\n' + bytes(range(256)) * 200 + b'\n0\n', 0), (out, code))
    refused('input after the end', "'232'", send, p, shell, command, b'x', False)
    p.cleanup_command(shell, command)
    refused('a terminated command', '2150858843', p._raw_get_command_output, shell, command)
    command = p.run_command(shell, 'echo ready; exec cat')
    check('before ctrl_c', b'ready\n', p._raw_get_command_output(shell, command)[0])
    signal(p, shell, command, 'ctrl_c')
    check('ctrl_c', 0xC000013A, p.get_command_output(shell, command)[2])
    refused('an unknown signal', "'87'", signal, p, shell, command, 'hangup')
    long = run(p, shell, 'echo', 'x' * 8200)
    check('a line too long for cmd.exe', (b'', b'The command line is too long.\r\n', 1), long)
    check('the longest line without cmd.exe', 8201, len(run(p, shell, 'echo', 'x' * 8200, skip_cmd_shell=True)[0]))
    p.close_shell(shell)
    refused('a deleted shell', '2150858843', p.run_command, shell, 'echo')
    refused('an unknown shell', 'w:InvalidSelectors', p.close_shell, str(uuid.uuid4()))
    other = p.open_shell(working_directory='/nowhere')
    refused('no such directory', "'267'", p.run_command, other, 'pwd')
    p.close_shell(other)


def case_slow(*how):
    """A command that outlives OperationTimeout."""
    p = protocol(*how, timeout=1)
    shell = p.open_shell()
    command = p.run_command(shell, 'read line; echo $line')
    start = time.monotonic()
    try:
        p._raw_get_command_output(shell, command)
        raise SystemExit('there is output already')
    except WinRMOperationTimeoutError:
        pass
    waited = time.monotonic() - start
    check('the time waited', True, 0.9 < waited < 3)
    send(p, shell, command, b'late\n', False)
    check('after the timeout', (b'late\n', b'', 0), p.get_command_output(shell, command))
    p.close_shell(shell)


def case_quota(*how):
    """Three shells are allowed, and five operations."""
    p = protocol(*how)
    shells = [p.open_shell() for _ in range(3)]
    refused('a fourth shell', '2150859173', p.open_shell)
    for i in range(5):
        check('operation', b'%d\n' % i, run(p, shells[0], 'echo %d' % i)[0])
    refused('a sixth operation', '2150859174', p.run_command, shells[0], 'echo')
    p.close_shell(shells[0])
    shells[0] = p.open_shell()
    check('after the shell was made again', b'x\n', run(p, shells[0], 'echo x')[0])
    refused('an envelope too large', '2150858825', p.run_command, shells[0], 'echo', ['x' * 600000])
    for shell in shells:
        p.close_shell(shell)


def case_wrong(*how):
    refused('a wrong password', 'credentials were rejected', protocol(*how).open_shell)


def case_unsealed(*how):
    refused('not sealed', 'Code 500', protocol(*how).open_shell)


def strict_envelope(p, change):
    """A Create as pywinrm writes it, changed."""
    request = p._get_soap_header(resource_uri=SHELL + '/cmd', action=TRANSFER + '/Create')
    request['env:Body'] = {'rsp:Shell': {'rsp:InputStreams': 'stdin', 'rsp:OutputStreams': 'stdout stderr'}}
    change(request['env:Header'], request['env:Body'])
    return xmltodict.unparse({'env:Envelope': request})


def case_strict(*how):
    """What Windows refuses."""
    p = protocol(*how)

    def put(name, value):
        return lambda header, body: header.__setitem__(name, value)

    def drop(name):
        return lambda header, body: header.pop(name)
    cases = (
        (drop('w:ResourceURI'), '2150858754'), (put('w:ResourceURI', SHELL + '/bash'), '2150858811'),
        (drop('a:Action'), '2150858769'), (put('a:Action', SHELL + '/Destroy'), 'a:ActionNotSupported'),
        (drop('a:MessageID'), '2150858769'), (put('a:MessageID', '17'), '2150858767'),
        (drop('a:ReplyTo'), '2150858769'), (drop('a:To'), '2150858769'),
        (put('a:ReplyTo', {'a:Address': 'http://example.org/'}), 'w:UnsupportedFeature'),
        (put('w:OperationTimeout', '60'), '2150858881'), (put('w:OperationTimeout', 'PT'), '2150858881'),
        (put('w:OperationTimeout', 'PT60'), '2150858881'), (put('w:MaxEnvelopeSize', '100'), 'w:EncodingLimit'),
        (put('w:SelectorSet', {'w:Selector': [{'@Name': 'ShellId'}, {'@Name': 'ShellId'}]}), '2150858847'),
        (put('x:Odd', {'@env:mustUnderstand': 'true'}), 's:MustUnderstand'),
        (put('w:OptionSet', {'w:Option': {'@Name': 'WINRS_CODEPAGE', '#text': 'utf-8'}}), 'w:InvalidOptions'),
        (put('w:OptionSet', {'w:Option': {'@Name': 'COLOUR', '@MustComply': 'true'}}), 'w:InvalidOptions'),
        (lambda header, body: body.clear(), '2150858791'),
        (lambda header, body: body['rsp:Shell'].__setitem__('rsp:Colour', 'red'), 'w:SchemaValidationError'),
        (lambda header, body: body['rsp:Shell'].__setitem__('rsp:OutputStreams', 'stdlog'), '2150859149'),
        (lambda header, body: body['rsp:Shell'].__setitem__('rsp:IdleTimeOut', '60'), 'w:SchemaValidationError'),
    )
    for change, expected in cases:
        refused(expected, expected, p.send_message, strict_envelope(p, change))
    refused('no XML', '2150858819', p.send_message, '<env')
    refused('a DTD', '2150858819', p.send_message, '<!DOCTYPE x>' + strict_envelope(p, lambda h, b: None).split('?>')[1])
    root = ET.fromstring(p.send_message(strict_envelope(p, lambda h, b: None)))
    shell = root.find('.//{%s}ShellId' % SHELL).text
    refused('a stream that is not there', '2150859149', message, p, shell, 'Receive', {
        'rsp:Receive': {'rsp:DesiredStream': {'@CommandId': 'x', '#text': 'stdlog'}}})
    refused('an unknown command', '2150858843', p._raw_get_command_output, shell, str(uuid.uuid4()))
    command = p.run_command(shell, 'cat')
    refused('not base64', 'w:SchemaValidationError', message, p, shell, 'Send', {
        'rsp:Send': {'rsp:Stream': {'@Name': 'stdin', '@CommandId': command, '#text': '%%%'}}})
    if p.transport.encryption:
        return
    p.transport.session.headers['Content-Type'] = 'text/xml'
    refused('a wrong content type', 'Code 415', p.cleanup_command, shell, command)
    p.transport.session.headers['Content-Type'] = 'application/soap+xml;charset=UTF-8'
    p.close_shell(shell)


SEALED = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
PLAIN = 'application/soap+xml;charset=UTF-8'


class Wire:
    """One connection, with ntlm_auth as the client's side of NTLM."""

    def __init__(self, url):
        self.http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)

    def post(self, body=b'', kind=PLAIN, token=None, method='POST', path='/wsman', **headers):
        headers['Content-Type'] = kind
        if token is not None:
            headers['Authorization'] = token
        self.http.request(method, path, body, headers)
        self.answer = self.http.getresponse()
        self.answer.read()
        return self.answer.status

    def step(self, data):
        return self.post(token='Negotiate ' + base64.b64encode(data).decode())

    def log_in(self, user, password, **kwargs):
        self.ntlm = NtlmContext(user, password, '', '', **kwargs)
        check('the challenge', 401, self.step(self.ntlm.step()))
        offer = self.answer.headers['WWW-Authenticate'].split()[1]
        return self.step(self.ntlm.step(base64.b64decode(offer)))

    def seal(self, text, length=None, inner='application/soap+xml', flip=0):
        data = self.ntlm.wrap(text)
        data = bytes([data[0] ^ flip]) + data[1:]
        head = ('--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tOriginalContent: '
                'type=%s;charset=UTF-8;Length=%d\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n'
                % (inner, len(text) if length is None else length))
        return head.encode() + b'\x10\0\0\0' + data + b'--Encrypted Boundary--\r\n'


def case_wire(url, user, password, *_):
    """Below SOAP: what is refused on a connection that is not authenticated, or is, but sealed wrongly."""
    def fresh(*args, **kwargs):
        return Wire(url).post(*args, **kwargs)
    wire = Wire(url)
    check('nobody', 401, wire.post(b'<x/>'))
    check('what is offered', ['Negotiate'], wire.answer.headers.get_all('WWW-Authenticate'))
    check('the connection', 'close', wire.answer.headers['Connection'])
    check('sealed by nobody', 401, fresh(b'x', SEALED))
    check('another scheme', 401, fresh(token='Bearer abc'))
    check('no Base64', 401, fresh(token='Negotiate %%%'))
    check('no token', 401, fresh(token='Negotiate ' + base64.b64encode(b'junk').decode()))
    check('another method', 405, fresh(method='GET'))
    check('another path', 404, fresh(path='/elsewhere'))
    check('no length', 411, fresh(iter([b'x']), **{'Transfer-Encoding': 'chunked'}))
    check('NTLM from its end', 401, Wire(url).step(b'NTLMSSP\0\3\0\0\0' + bytes(80)))
    check('NTLM version 1', 401, Wire(url).log_in(user, password, ntlm_compatibility=1))
    check('another user', 401, Wire(url).log_in('somebody', password))

    def sealed(status, body, kind=SEALED):
        wire = Wire(url)
        check('the login', 200, wire.log_in(user, password))
        check('its empty answer', '0', wire.answer.headers['Content-Length'])
        check('sealed', status, wire.post(body(wire), kind))
        return wire
    text = b'<no soap/>'
    wire = sealed(500, lambda w: w.seal(text))
    check('a sealed fault', SEALED, wire.answer.headers['Content-Type'])
    sealed(400, lambda w: w.seal(text, length=3))
    sealed(400, lambda w: w.seal(text, flip=1))
    sealed(400, lambda w: w.seal(text, inner='text/xml'))
    sealed(400, lambda w: w.seal(text).replace(b'\tContent-Type: application/octet', b'Content-Type: application/octet'))
    sealed(400, lambda w: w.seal(text)[:-4])
    sealed(415, lambda w: w.seal(text), SEALED.replace('Encrypted Boundary', 'Boundary'))
    sealed(415, lambda w: w.seal(text), 'multipart/mixed')
    sealed(500, lambda w: text, PLAIN)
    other = sealed(500, lambda w: w.seal(text))
    replayed = other.seal(text)
    check('once', 500, other.post(replayed, SEALED))
    check('twice', 400, other.post(replayed, SEALED))


if __name__ == '__main__':
    for case in sys.argv[1].split(','):
        globals()['case_' + case](*sys.argv[2:])
