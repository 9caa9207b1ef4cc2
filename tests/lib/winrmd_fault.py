# SPDX-License-Identifier: Apache-2.0
"""How the WinRM test server (winrmd.py) misbehaves on demand: --fault NAME[:OPERATION[:COUNT[:SKIP]]].

OPERATION is Create, Command, Receive, Send, Signal or Delete, or Auth; each fault has a default.  COUNT is how
often, without it always; the first SKIP operations of that kind are spared.
"""

import argparse
import re
import time

import winrmd_ntlm
from winrmd_shell import Fault, aborted, timed_out

SHELL_RE = re.compile(r'<rsp:ShellId>[^<]*</rsp:ShellId>|<w:Selector Name="ShellId">[^<]*</w:Selector>')


def drop(pattern, new=''):
    return lambda text: re.sub(pattern, new, text)


# Answers that are changed: name -> (operation, what becomes of the text).
TEXTS = {
    'garbage-xml': ('Receive', lambda text: text[:len(text) // 2] + '<&\x01'),
    'not-soap': ('Receive', lambda text: '<?xml version="1.0"?><html><body>Sign in</body></html>'),
    'entity-bomb': ('Receive', lambda text: '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a0 "ha">' + ''.join(
        '<!ENTITY a%d "%s">' % (i, '&a%d;' % (i - 1) * 10) for i in range(1, 12)) + ']>'
        + text.replace('<s:Body>', '<s:Body>&a11;')),
    'external-entity': ('Receive', lambda text: '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY f SYSTEM '
                        '"file:///etc/passwd">]>' + text.replace('<s:Body>', '<s:Body>&f;')),
    'deep-xml': ('Receive', lambda text: text.replace('<s:Body>', '<s:Body>' + '<d>' * 100000 + '</d>' * 100000)),
    'bad-base64': ('Receive', drop(r'(<rsp:Stream [^>]*>)', r'\1!*')),
    'no-exit-code': ('Receive', drop(r'<rsp:ExitCode>[^<]*</rsp:ExitCode>')),
    'odd-exit-code': ('Receive', drop(r'<rsp:ExitCode>[^<]*', '<rsp:ExitCode>99999999999999999999x')),
    'high-exit-code': ('Receive', drop(r'<rsp:ExitCode>[^<]*', '<rsp:ExitCode>3221225477')),
    'wrong-message': ('Receive', drop(r'<a:RelatesTo>[^<]*', '<a:RelatesTo>uuid:00000000-0000-0000-0000-000000000000')),
    'wrong-command': ('Receive', drop(r'CommandId="[^"]*"', 'CommandId="00000000-0000-0000-0000-000000000000"')),
    'no-shell-id': ('Create', lambda text: SHELL_RE.sub('', text)),
    'hostile-shell-id': ('Create', lambda text: SHELL_RE.sub(
        lambda m: re.sub(r'>[^<]*<', '>&lt;/w:Selector&gt;&quot;&amp;<', m[0]), text)),
    'no-command-id': ('Command', drop(r'<rsp:CommandId>[^<]*</rsp:CommandId>')),
}
# What is done with the answer as a whole: name -> operation.
WAYS = {
    'truncated-body': 'Receive', 'huge-body': 'Receive', 'slow-drip': 'Receive', 'close-after-command': 'Command',
    'close-before-reply': 'Receive', 'http-500': 'Receive', 'http-503': 'Receive', 'redirect': 'Create',
    'hang': 'Receive', 'html': 'Create', 'bad-signature': 'Receive', 'unsealed-reply': 'Receive',
    'wrong-length': 'Receive', 'huge-signature': 'Receive', 'no-length': 'Receive', 'garbage-http': 'Receive',
    'bad-challenge': 'Auth', 'short-challenge': 'Auth', 'long-header': 'Receive', 'shell-gone': 'Receive',
}
# Flags of NTLM that the challenge leaves out, as somebody between both might: all of Auth.
WITHOUT = {
    'no-seal': winrmd_ntlm.SEAL, 'no-sign': winrmd_ntlm.SIGN | winrmd_ntlm.SEAL, 'no-extended': winrmd_ntlm.EXTENDED,
    'short-key': winrmd_ntlm.KEY_128 | winrmd_ntlm.KEY_56, 'no-key-exchange': winrmd_ntlm.KEY_EXCH,
}
# Refusals of Windows: name -> (operation, whether the operation is carried out all the same, the fault).
FAULTS = {
    'busy': ('Send', False, Fault(False, 'w:InternalError', 170, 'The requested resource is in use. ')),
    'late': ('Send', True, timed_out()),
    'no-shells': ('Create', False, Fault(False, 'w:QuotaLimit', 2150859173, 'The WS-Management service cannot process '
                                         'the request. This user is allowed a maximum number of 5 concurrent shells, '
                                         'which has been exceeded. ')),
    'no-operations': ('Command', False, Fault(False, 'w:QuotaLimit', 2150859174, 'The WS-Management service cannot '
                                              'process the request. This user is allowed a maximum number of 1500 '
                                              'concurrent operations, which has been exceeded. ')),
    'access-denied': ('Create', False, Fault(True, 'w:AccessDenied', 5, 'Access is denied. ')),
    'no-shell': ('Command', False, Fault(True, 'w:InvalidSelectors', 2150858843, 'The request for the Windows Remote '
                                         'Shell failed because the shell was not found on the server. ')),
    'stopping': ('Receive', False, aborted()),
}


def name(text):
    known = {**TEXTS, **WAYS, **FAULTS, **WITHOUT}
    if text.split(':')[0] not in known:
        raise argparse.ArgumentTypeError('no such fault; there are %s' % ', '.join(sorted(known)))
    return text


class Plan:
    """Which fault, where and how often."""

    def __init__(self, text):
        kind, operation, count, skip = (text.split(':') + ['', '', ''])[:4] if text else (None, None, '', '')
        self.kind = kind
        self.operation = operation or WAYS.get(kind) or {**TEXTS, **FAULTS}.get(kind, ['Auth'])[0]
        self.left = int(count) if count else -1
        self.skip = int(skip or 0)

    def now(self, operation):
        if not self.kind or operation != self.operation or self.left == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.left -= self.left > 0
        return True


def refusal(handler, after):
    """Raises the fault, before or after the operation was carried out."""
    plan = handler.server.fault
    if plan.kind in FAULTS and FAULTS[plan.kind][1] == after and plan.now(handler.operation):
        raise FAULTS[plan.kind][2]


def without(plan):
    return WITHOUT[plan.kind] if plan.kind in WITHOUT and plan.now('Auth') else 0


def token(handler, data):
    plan = handler.server.fault
    if plan.kind in WITHOUT or not plan.now('Auth'):
        return data
    handler.note('fault', plan.kind)
    return b'NTLMSSP\0\2\0\0\0' + b'\xff' * 40 if plan.kind == 'bad-challenge' else data[:20]


def raw(handler, data):
    handler.wfile.write(data)
    handler.wfile.flush()


def end(handler):
    handler.close_connection = True


def stall(handler):
    """Until the client leaves."""
    end(handler)
    handler.connection.settimeout(120)
    handler.connection.recv(1)


def huge(handler):
    head = b'HTTP/1.1 200 \r\nContent-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: 1099511627776\r\n\r\n'
    raw(handler, head + b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>')
    while True:
        raw(handler, b'<x>' + b'a' * 65536 + b'</x>')


def drip(handler, data):
    raw(handler, b'HTTP/1.1 200 \r\nContent-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: %d\r\n\r\n'
        % len(data))
    for byte in data:
        raw(handler, bytes([byte]))
        time.sleep(0.3)


def way(handler, kind, status, text):
    data = text.encode()
    soap = b'Content-Type: application/soap+xml;charset=UTF-8\r\n'
    if kind == 'truncated-body':
        raw(handler, b'HTTP/1.1 200 \r\n' + soap + b'Content-Length: %d\r\n\r\n' % len(data) + data[:len(data) // 2])
        end(handler)
    elif kind == 'no-length':
        raw(handler, b'HTTP/1.1 200 \r\n' + soap + b'\r\n' + data[:len(data) // 2])
        end(handler)
    elif kind == 'garbage-http':
        raw(handler, b'\x16\x03\x01 what is this\r\n\r\n')
        end(handler)
    elif kind == 'long-header':
        raw(handler, b'HTTP/1.1 200 \r\nX: ' + b'a' * (8 << 20) + b'\r\n\r\n')
        end(handler)
    elif kind == 'huge-body':
        huge(handler)
    elif kind == 'slow-drip':
        drip(handler, data)
    elif kind == 'close-after-command':
        handler.reply_soap(status, text)
        end(handler)
    elif kind == 'close-before-reply':
        end(handler)
    elif kind in ('http-500', 'http-503'):
        handler.reply(int(kind[-3:]), b'')
    elif kind == 'redirect':
        handler.reply(302, b'', [('Location', 'http://127.0.0.1:9/elsewhere')])
    elif kind == 'html':
        handler.reply(200, b'<html>Welcome</html>', [('Content-Type', 'text/html')])
    elif kind == 'hang':
        stall(handler)
    elif kind == 'shell-gone':
        shells = handler.server.shells
        for shell in list(shells.shells.values()):
            shells.delete(shell)
        return False
    else:
        handler.reply_soap(status, text, **{'bad-signature': {'flip': True}, 'unsealed-reply': {'plain': True},
                                            'wrong-length': {'length': len(data) + 7},
                                            'huge-signature': {'size': 0xfffffff0}}[kind])
    return True


def reply(handler, status, text):
    """Whether the fault answered in place of the server."""
    plan = handler.server.fault
    if status != 200 or plan.kind in FAULTS or not plan.now(handler.operation):
        return False
    handler.note('fault', plan.kind)
    if plan.kind in TEXTS:
        handler.reply_soap(status, TEXTS[plan.kind][1](text))
        return True
    return way(handler, plan.kind, status, text)
