# SPDX-License-Identifier: Apache-2.0
"""A WinRM server for tests: Windows' remote text shell over HTTP, written from MS-WSMV, DSP0226 and MS-NLMP.

usage: winrmd.py --port-file F --user U --password P --exec PROGRAM [--tls CERT KEY] [--auth basic,ntlm]
                 [--seal required|allowed] [--max-envelope N] [--max-shells N] [--max-operations N]
                 [--trace FILE] [--fault NAME[:OPERATION[:COUNT[:SKIP]]]]

Listens on 127.0.0.1, --port or any, and writes the port to F when ready; ends on SIGTERM.  A command of a shell is
PROGRAM with one argument, the whole command line.  tests/README.md says more; tests/e2e/winrmd.sh proves it
with other people's clients.
"""

import argparse
import base64
import email.message
import http.server
import os
import re
import signal
import socket
import ssl
import sys
import threading
import time

sys.dont_write_bytecode = True      # not into the source tree

import winrmd_fault
import winrmd_ntlm
import winrmd_soap
from winrmd_shell import Fault, Shells

PLAIN_TYPE = 'application/soap+xml'
SPNEGO_TYPE = 'application/HTTP-SPNEGO-session-encrypted'
BOUNDARY = b'--Encrypted Boundary'
MIME_HEAD = re.compile(rb'--Encrypted Boundary\r\n\tContent-Type: ([^\r\n]+)\r\n\tOriginalContent: type=([^;\r\n]+);'
                       rb'charset=([-A-Za-z0-9]+);Length=([0-9]+)\r\n--Encrypted Boundary\r\n'
                       rb'\tContent-Type: application/octet-stream\r\n')


class Refusal(Exception):
    """An answer of HTTP alone: a status without a body."""

    def __init__(self, status, why, challenge=None):
        super().__init__(why)
        self.status, self.challenge = status, challenge


class Trace:
    """One line for each thing that happened.  Credentials are left out."""

    def __init__(self, path):
        self.file = open(path, 'a', encoding='utf-8', buffering=1) if path else None
        self.lock = threading.Lock()

    def __call__(self, connection, kind, text):
        if self.file:
            line = text.replace('\\', '\\\\').replace('\r', '\\r').replace('\n', '\\n')
            with self.lock:
                self.file.write('%.3f c%d %s %s\n' % (time.time(), connection, kind, line))


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection.  NTLM authenticates the connection, Basic each request."""

    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'Microsoft-HTTPAPI/2.0', ''
    timeout = 300
    count = 0

    def setup(self):
        Handler.count += 1
        self.number = Handler.count
        self.options, self.trace = self.server.options, self.server.trace
        if self.server.tls:
            self.request.settimeout(self.timeout)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.ntlm = None            # the acceptor, while and after it talks
        self.user = None            # who the connection belongs to, by NTLM
        self.note('open', 'tls' if self.server.tls else 'plain')

    def finish(self):
        super().finish()
        self.note('close', '')

    def note(self, kind, text):
        self.trace(self.number, kind, text)

    def log_message(self, *_):
        pass

    def version_string(self):
        return self.server_version

    def do_GET(self):
        self.reply(405, b'', close=True)

    do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_GET

    def do_POST(self):
        self.sealed, self.charset, self.operation, self.extra = False, 'utf-8', None, []
        try:
            body = self.body()
            self.note('request', '%s %d bytes, headers %s' % (self.path, len(body), self.shown_headers()))
            if self.path not in ('/wsman', '/wsman?PSVersion=5.1', '/wsman-anon/identify'):
                raise Refusal(404, 'no such path: %s' % self.path)
            user = self.authenticate()
            if user is None:
                return
            if not body and self.ntlm:
                self.reply(200, b'')
                return
            self.serve(self.unseal(body), user)
        except Refusal as e:
            self.note('refused', 'HTTP %d: %s' % (e.status, e))
            if e.status == 401:
                self.reply(401, b'', self.challenges() + self.extra, close=True)
            else:
                self.reply(e.status, b'', self.extra, close=e.status != 500)
        except (BrokenPipeError, ConnectionError, ssl.SSLError, TimeoutError) as e:
            self.note('lost', repr(e))
            self.close_connection = True

    def shown_headers(self):
        hidden = ('authorization',)
        return '; '.join('%s: %s' % (k, v.split()[0] + ' ...' if k.lower() in hidden and v else v)
                         for k, v in self.headers.items())

    def body(self):
        if self.headers.get('Transfer-Encoding', 'identity').lower() != 'identity':
            self.close_connection = True
            raise Refusal(411, 'the length of the body is not given')
        length = self.headers.get('Content-Length', '')
        if not length.isdigit():
            self.close_connection = True
            raise Refusal(411, 'the length of the body is not given')
        if int(length) > 16 * self.options.max_envelope:
            self.close_connection = True
            raise Refusal(413, 'the body has %s bytes' % length)
        return self.rfile.read(int(length))

    # Authentication

    def offers_basic(self):
        return 'basic' in self.options.auth and (self.server.tls or self.options.seal == 'allowed')

    def challenges(self):
        out = [('WWW-Authenticate', 'Negotiate')] if 'ntlm' in self.options.auth else []
        return out + ([('WWW-Authenticate', 'Basic realm="WSMAN"')] if self.offers_basic() else [])

    def authenticate(self):
        """The user, or None when this request was a step of the authentication and is answered."""
        if self.path == '/wsman-anon/identify' and self.headers.get('WSMANIDENTIFY') == 'unauthenticated':
            return ''
        scheme, _, token = (self.headers.get('Authorization') or '').partition(' ')
        if scheme.lower() == 'basic':
            return self.basic(token)
        if scheme.lower() in ('negotiate', 'ntlm') and 'ntlm' in self.options.auth:
            return self.negotiate(scheme, token)
        if scheme:
            raise Refusal(401, 'authentication by %s is not offered' % scheme)
        if self.user is None:
            raise Refusal(401, 'the connection is not authenticated')
        return self.user

    def basic(self, token):
        if not self.offers_basic():
            raise Refusal(401, 'Basic is not allowed over plain HTTP')
        try:
            data = base64.b64decode(token, validate=True)
        except ValueError:
            raise Refusal(401, 'the credentials of Basic are not base64')
        try:
            text = data.decode('utf-8')
        except UnicodeDecodeError:      # RFC 7617 names no charset; python3-requests takes this one
            text = data.decode('latin-1')
        user, colon, password = text.partition(':')
        if not colon or user.lower() != self.options.user.lower() or password != self.options.password:
            raise Refusal(401, 'wrong user or password')
        return self.options.user

    def negotiate(self, scheme, token):
        if self.user is not None or not self.ntlm:
            self.ntlm, self.user = self.server.acceptor(), None
        try:
            reply = self.ntlm.step(base64.b64decode(token, validate=True))
        except ValueError as e:         # also winrmd_ntlm.Refused and what is not base64
            self.ntlm = None
            raise Refusal(401, '%s: %s' % (scheme, e))
        if reply is not None:
            reply = winrmd_fault.token(self, reply)
            self.extra = [('WWW-Authenticate', '%s %s' % (scheme, base64.b64encode(reply).decode()))]
        if not self.ntlm.complete:
            self.note('challenge', self.ntlm.flags_text())
            self.reply(401, b'', self.extra)
            return None
        self.user = self.options.user
        self.note('authenticated', self.ntlm.describe())
        return self.user

    # Messages

    def content_type(self):
        message = email.message.Message()
        message['Content-Type'] = self.headers.get('Content-Type', '')
        return message.get_content_type(), message

    def unseal(self, body):
        """The envelope inside the body."""
        kind, message = self.content_type()
        if kind == PLAIN_TYPE:
            self.charset = self.charset_of((message.get_param('charset') or 'utf-8').strip('"'))
            if not self.server.tls and self.options.seal == 'required' and self.user is not None:
                raise Refusal(500, 'the message is not encrypted')
            return body
        if kind != 'multipart/encrypted':
            raise Refusal(415, 'the content type is %s' % self.headers.get('Content-Type'))
        if message.get_param('protocol') != SPNEGO_TYPE or message.get_param('boundary') != 'Encrypted Boundary':
            raise Refusal(415, 'protocol and boundary are not those of MS-WSMV 2.2.9.1: %s' % message['Content-Type'])
        if not self.ntlm or not self.ntlm.complete:
            raise Refusal(400, 'a sealed message without a security context')
        head, tail = MIME_HEAD.match(body), BOUNDARY + b'--\r\n'
        if not head or not body.endswith(tail) or len(body) < head.end() + 4 + len(tail):
            raise Refusal(400, 'the parts are not those of MS-WSMV 2.2.9.1')
        if head[1] != SPNEGO_TYPE.encode() or head[2] != PLAIN_TYPE.encode():
            raise Refusal(400, 'the inner content types are wrong')
        self.charset = self.charset_of(head[3].decode())
        data = body[head.end():-len(tail)]
        size = int.from_bytes(data[:4], 'little')
        try:
            text = self.ntlm.unwrap(data[4:4 + size], data[4 + size:])
        except ValueError as e:
            raise Refusal(400, 'sealed message: %s' % e)
        if len(text) != int(head[4]):
            raise Refusal(400, 'Length=%s, but the message has %d bytes' % (head[4].decode(), len(text)))
        self.sealed = True
        return text

    @staticmethod
    def charset_of(name):
        if name.lower() not in ('utf-8', 'utf-16'):
            raise Refusal(415, 'the charset is %s' % name)
        return name.lower()

    def serve(self, data, user):
        request, message_id = None, None
        try:
            self.note('soap', data.decode(self.charset, 'replace'))
            if len(data) > self.options.max_envelope:
                raise Fault(True, 'w:EncodingLimit', 2150858825, 'The WS-Management service cannot process the '
                            'request. The size of the request exceeded the configured envelope size of %d bytes. '
                            % self.options.max_envelope, 'ServiceEnvelopeLimit')
            root = winrmd_soap.parse(data, self.charset)
            found = root.find('.//' + winrmd_soap.q('a', 'MessageID'))
            message_id = found.text if found is not None else None
            request = winrmd_soap.Request(root)
            self.operation = 'Identify' if request.identify else request.operation
            if request.identify:
                status, text = 200, winrmd_soap.identify_envelope()
            elif user == '':
                raise Refusal(401, 'only Identify needs no authentication')
            else:
                host = self.headers.get('Host', '127.0.0.1')
                url = '%s://%s/wsman' % ('https' if self.server.tls else 'http', host)
                winrmd_fault.refusal(self, False)
                status, text = 200, self.server.service.answer(request, user, self.client_address[0], url)
                winrmd_fault.refusal(self, True)
        except Fault as e:
            kind = 'timeout' if e.number == 2150858793 else 'refused'
            self.note(kind, 'fault %s %d: %s' % (e.subcode, e.number, e.message))
            status, text = 500, winrmd_soap.fault_envelope(e, message_id)
        limit = request.max_envelope if request else None
        if limit and len(text.encode()) > limit:
            self.note('warning', 'the reply has %d bytes, the client takes %d' % (len(text.encode()), limit))
        if not winrmd_fault.reply(self, status, text):
            self.reply_soap(status, text)

    def reply_soap(self, status, text, **change):
        self.note('reply', '%d %s' % (status, text))
        data = text.encode('utf-16' if self.charset == 'utf-16' else 'utf-8')
        kind = '%s;charset=%s' % (PLAIN_TYPE, self.charset.upper())
        if self.sealed and not change.get('plain'):
            data, kind = self.seal(data, kind, **change)
        self.reply(status, data, self.extra + [('Content-Type', kind)])

    def seal(self, data, kind, flip=False, length=None, size=None, **_):
        signature, sealed = self.ntlm.wrap(data)
        if flip:
            signature = signature[:8] + bytes([signature[8] ^ 1]) + signature[9:]
        size = len(signature) if size is None else size
        body = (BOUNDARY + b'\r\n\tContent-Type: ' + SPNEGO_TYPE.encode() + b'\r\n\tOriginalContent: type='
                + kind.encode() + b';Length=%d\r\n' % (len(data) if length is None else length) + BOUNDARY
                + b'\r\n\tContent-Type: application/octet-stream\r\n' + size.to_bytes(4, 'little') + signature + sealed
                + BOUNDARY + b'--\r\n')
        return body, 'multipart/encrypted;protocol="%s";boundary="Encrypted Boundary"' % SPNEGO_TYPE

    def reply(self, status, data, headers=(), close=False):
        """Windows says no reason after the status."""
        self.send_response(status, '')
        for name, value in headers:
            self.send_header(name, value)
        if close:
            self.send_header('Connection', 'close')
            self.close_connection = True
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        if not data:
            self.note('reply', '%d, no body' % status)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        super().__init__(('127.0.0.1', options.port), Handler)
        self.options = options
        self.trace = Trace(options.trace)
        self.fault = winrmd_fault.Plan(options.fault)
        shells = Shells(options.exec, options.max_shells, options.max_operations)
        self.shells = shells
        self.service = winrmd_soap.Service(shells, options.max_envelope, lambda text: self.trace(0, 'service', text))
        self.tls, self.binding = None, None
        if options.tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*options.tls)
            with open(options.tls[0], encoding='ascii') as file:
                self.binding = winrmd_ntlm.endpoint_binding(ssl.PEM_cert_to_DER_cert(file.read()))

    def acceptor(self):
        return winrmd_ntlm.Acceptor(self.options.user, self.options.password, self.binding, winrmd_fault.without(self.fault))

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)
        self.trace(0, 'lost', repr(error))


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--port-file', required=True)
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--tls', nargs=2, metavar=('CERT', 'KEY'))
    parser.add_argument('--user', required=True)
    parser.add_argument('--password', required=True)
    parser.add_argument('--auth', default='basic,ntlm', type=lambda text: set(text.split(',')))
    parser.add_argument('--seal', choices=('required', 'allowed'), default='allowed')
    parser.add_argument('--exec', required=True)
    parser.add_argument('--max-envelope', type=int, default=512000)
    parser.add_argument('--max-shells', type=int, default=30)
    parser.add_argument('--max-operations', type=int, default=1500)
    parser.add_argument('--trace')
    parser.add_argument('--fault', type=winrmd_fault.name)
    return parser.parse_args()


def main():
    options = arguments()
    server = Server(options)

    def stop(*_):
        threading.Thread(target=server.shutdown, daemon=True).start()

    # A shell that starts this in the background ignores SIGINT, and so would every command.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with open(options.port_file + '.new', 'w', encoding='ascii') as file:
        file.write('%d\n' % server.server_address[1])
    os.rename(options.port_file + '.new', options.port_file)
    try:
        server.serve_forever(poll_interval=0.05)
    finally:
        server.shells.close()


if __name__ == '__main__':
    main()
