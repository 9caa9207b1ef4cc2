# SPDX-License-Identifier: Apache-2.0
"""The server's side of NTLM version 2 (MS-NLMP), alone or inside SPNEGO (RFC 4178, MS-SPNG), for winrmd.py.

Python's hashlib has no MD4 where OpenSSL 3 hides it, and no RC4 at all: both are here.
"""

import hashlib
import hmac
import os
import struct
import time

UNICODE, OEM, REQUEST_TARGET, SIGN, SEAL, NTLM = 0x1, 0x2, 0x4, 0x10, 0x20, 0x200
ANONYMOUS, ALWAYS_SIGN, TARGET_SERVER, EXTENDED, TARGET_INFO = 0x800, 0x8000, 0x20000, 0x80000, 0x800000
VERSION, KEY_128, KEY_EXCH, KEY_56 = 0x2000000, 0x20000000, 0x40000000, 0x80000000
NAMES = {SIGN: 'sign', SEAL: 'seal', EXTENDED: 'extended', KEY_128: '128', KEY_56: '56', KEY_EXCH: 'key-exchange',
         VERSION: 'version', TARGET_INFO: 'target-info', UNICODE: 'unicode'}
SIGNATURE = b'NTLMSSP\0'
AV_EOL, AV_NB_COMPUTER, AV_NB_DOMAIN, AV_DNS_COMPUTER, AV_DNS_DOMAIN = 0, 1, 2, 3, 4
AV_FLAGS, AV_TIMESTAMP, AV_BINDINGS = 6, 7, 10
WINDOWS_10 = bytes.fromhex('0a0063450000000f')
FILETIME_EPOCH = 11644473600
OID_SPNEGO = bytes.fromhex('2b0601050502')
OID_NTLM = bytes.fromhex('2b06010401823702020a')


class Refused(ValueError):
    """The client's message is wrong."""


def md4(data):
    """RFC 1320."""
    def rotate(value, by):
        value &= 0xffffffff
        return value << by | value >> 32 - by
    padded = data + b'\x80' + b'\0' * (-(len(data) + 9) % 64) + struct.pack('<Q', len(data) * 8)
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    rounds = (
        (lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
        (lambda x, y, z: x & y | x & z | y & z, 0x5a827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
         (3, 5, 9, 13)),
        (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)))
    for at in range(0, len(padded), 64):
        words = struct.unpack('<16I', padded[at:at + 64])
        a, b, c, d = state
        for function, constant, order, shifts in rounds:
            for i, k in enumerate(order):
                a, b, c, d = d, rotate(a + function(b, c, d) + words[k] + constant, shifts[i % 4]), b, c
        state = [(old + new) & 0xffffffff for old, new in zip(state, (a, b, c, d))]
    return struct.pack('<4I', *state)


class RC4:
    def __init__(self, key):
        self.box, self.i, self.j = list(range(256)), 0, 0
        j = 0
        for i in range(256):
            j = (j + self.box[i] + key[i % len(key)]) & 255
            self.box[i], self.box[j] = self.box[j], self.box[i]

    def copy(self):
        other = RC4(b'\0')
        other.box, other.i, other.j = self.box[:], self.i, self.j
        return other

    def crypt(self, data):
        box, i, j, out = self.box, self.i, self.j, bytearray(data)
        for at in range(len(out)):
            i = (i + 1) & 255
            x = box[i]
            j = (j + x) & 255
            y = box[j]
            box[i], box[j] = y, x
            out[at] ^= box[(x + y) & 255]
        self.i, self.j = i, j
        return bytes(out)


def md5(data):
    return hashlib.md5(data).digest()


def hmac_md5(key, data):
    return hmac.new(key, data, 'md5').digest()


class Direction:
    """One direction of a session: its keys, its cipher and its count of messages (MS-NLMP 3.4)."""

    def __init__(self, flags, key, words):
        self.flags, self.number = flags, 0
        self.sign_key = md5(key + b'session key to %s signing key magic constant\0' % words)
        short = key if flags & KEY_128 else key[:7] if flags & KEY_56 else key[:5]
        self.rc4 = RC4(md5(short + b'session key to %s sealing key magic constant\0' % words))

    def mac(self, text):
        number = struct.pack('<I', self.number)
        self.number += 1
        digest = hmac_md5(self.sign_key, number + text)[:8]
        return b'\1\0\0\0' + (self.rc4.crypt(digest) if self.flags & KEY_EXCH else digest) + number

    def mic(self, text):
        """The signature of SPNEGO's list of mechanisms: the cipher is afterwards as before (MS-SPNG 3.3.5.1)."""
        kept = self.rc4.copy()
        result = self.mac(text)
        self.rc4 = kept
        return result


def fields(message, at, what):
    size, _, offset = struct.unpack_from('<HHI', message, at)
    if size and offset + size > len(message):
        raise Refused('%s lies outside of the message' % what)
    return message[offset:offset + size]


def av_pairs(data):
    result, at = {}, 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from('<HH', data, at)
        if kind == AV_EOL:
            return result
        result[kind] = data[at + 4:at + 4 + size]
        at += 4 + size
    raise Refused('the target information has no end')


class Acceptor:
    """One authentication, and the sealing that follows it."""

    def __init__(self, user, password, binding, without=0):
        self.domain, _, self.user = user.rpartition('\\')
        self.password, self.binding, self.without = password, binding, without
        self.state, self.complete, self.flags = 'negotiate', False, 0
        self.spnego, self.mechanisms, self.their_mic = False, None, None
        self.who = self.peer = ''

    def step(self, token):
        """The token to answer with, or None; raises Refused."""
        try:
            if token.startswith(SIGNATURE):
                return self.ntlm(token)
            return self.spnego_step(token)
        except (struct.error, IndexError, UnicodeDecodeError) as e:
            raise Refused('the token is too short or garbled: %s' % e)

    def ntlm(self, token):
        kind = struct.unpack_from('<I', token, 8)[0]
        if self.state == 'negotiate' and kind == 1:
            return self.challenge(token)
        if self.state == 'authenticate' and kind == 3:
            return self.authenticate(token)
        raise Refused('NTLM message %d is not expected' % kind)

    def challenge(self, token):
        self.negotiate_message = token
        theirs = struct.unpack_from('<I', token, 12)[0]
        if not theirs & (UNICODE | OEM):
            raise Refused('neither Unicode nor OEM')
        wanted = UNICODE | SIGN | SEAL | ALWAYS_SIGN | EXTENDED | VERSION | KEY_128 | KEY_EXCH | KEY_56 | REQUEST_TARGET
        self.flags = theirs & wanted | NTLM | TARGET_SERVER | TARGET_INFO | REQUEST_TARGET
        self.flags = (self.flags | (0 if theirs & UNICODE else OEM)) & ~self.without
        self.nonce = os.urandom(8)
        name = 'WINRMD'.encode('utf-16-le')
        target = name if theirs & UNICODE else b'WINRMD'
        now = int((time.time() + FILETIME_EPOCH) * 10000000)
        info = b''.join(struct.pack('<HH', kind, len(value)) + value for kind, value in (
            (AV_NB_DOMAIN, name), (AV_NB_COMPUTER, name), (AV_DNS_DOMAIN, 'winrmd'.encode('utf-16-le')),
            (AV_DNS_COMPUTER, 'winrmd'.encode('utf-16-le')), (AV_TIMESTAMP, struct.pack('<Q', now)), (AV_EOL, b'')))
        head = 56
        self.challenge_message = (
            SIGNATURE + struct.pack('<IHHII', 2, len(target), len(target), head, self.flags) + self.nonce + bytes(8)
            + struct.pack('<HHI', len(info), len(info), head + len(target)) + WINDOWS_10 + target + info)
        self.state = 'authenticate'
        return self.challenge_message

    def authenticate(self, token):
        self.state = 'over'
        response, domain, user = fields(token, 20, 'the response'), fields(token, 28, 'the domain'), fields(
            token, 36, 'the user')
        flags = struct.unpack_from('<I', token, 60)[0]
        charset = 'utf-16-le' if flags & UNICODE else 'cp437'
        self.peer = fields(token, 44, 'the workstation').decode(charset)
        domain, user = domain.decode(charset), user.decode(charset)
        self.who = '%s\\%s' % (domain, user)
        if flags & ~self.flags & (SIGN | SEAL | EXTENDED | KEY_EXCH | KEY_128):
            raise Refused('the flags %#x were not offered: %#x' % (flags, self.flags))
        if len(response) <= 24:
            raise Refused('NTLM version 1')
        if user.lower() != self.user.lower() or self.domain and domain.lower() != self.domain.lower():
            raise Refused('unknown user %s' % self.who)
        key = hmac_md5(md4(self.password.encode('utf-16-le')), (user.upper() + domain).encode('utf-16-le'))
        proof, blob = response[:16], response[16:]
        if not hmac.compare_digest(proof, hmac_md5(key, self.nonce + blob)):
            raise Refused('wrong password')
        base = hmac_md5(key, proof)
        sent = fields(token, 52, 'the session key')
        if flags & KEY_EXCH:
            if len(sent) != 16:
                raise Refused('the session key has %d bytes' % len(sent))
            base = RC4(base).crypt(sent)
        self.check(token, av_pairs(blob[28:]), base)
        self.flags = flags
        if flags & (SIGN | SEAL):
            if not flags & EXTENDED:
                raise Refused('no extended session security')
            self.inward = Direction(flags, base, b'client-to-server')
            self.outward = Direction(flags, base, b'server-to-client')
        self.complete = True
        return None

    def check(self, token, info, key):
        """The MIC over all three messages and the binding to the TLS channel."""
        flags = struct.unpack('<I', info.get(AV_FLAGS, bytes(4)))[0]
        if flags & 2:
            whole = self.negotiate_message + self.challenge_message + token[:72] + bytes(16) + token[88:]
            if not hmac.compare_digest(token[72:88], hmac_md5(key, whole)):
                raise Refused('the MIC is wrong')
        bound = info.get(AV_BINDINGS, bytes(16))
        if self.binding and any(bound) and bound != self.binding:
            raise Refused('bound to another TLS channel')
        self.details = [n for n, there in (('mic', flags & 2), ('bound', self.binding and any(bound))) if there]

    def flags_text(self):
        return '%s%#x %s' % ('spnego ' if self.spnego else '', self.flags,
                             ' '.join(name for flag, name in NAMES.items() if self.flags & flag))

    def describe(self):
        return '%s from %s: %s %s' % (self.who, self.peer or '?', self.flags_text(), ' '.join(self.details))

    # Messages

    def unwrap(self, signature, sealed):
        if not self.flags & SEAL:
            raise Refused('sealing was not negotiated')
        if len(signature) != 16:
            raise Refused('the signature has %d bytes' % len(signature))
        text = self.inward.rc4.crypt(sealed)
        expected = self.inward.mac(text)
        if not hmac.compare_digest(signature, expected):
            raise Refused('wrong signature or sequence, message %d' % (self.inward.number - 1))
        return text

    def wrap(self, text):
        sealed = self.outward.rc4.crypt(text)
        return self.outward.mac(text), sealed

    # SPNEGO

    def spnego_step(self, token):
        self.spnego = True
        first = self.mechanisms is None
        inner = self.negotiation(token) if first else self.response(token)
        if inner is None:                       # the client hoped for another mechanism
            return self.answer(3, None)
        reply = self.ntlm(inner)
        if not self.complete:
            return self.answer(1, reply, first)
        if self.their_mic is None:
            if not self.preferred:
                raise Refused('the list of mechanisms is not signed')
            return self.answer(0, None, False)
        if not hmac.compare_digest(self.their_mic, self.inward.mic(self.mechanisms)):
            raise Refused('the signature of the list of mechanisms is wrong')
        return self.answer(0, None, False, self.outward.mic(self.mechanisms))

    def negotiation(self, token):
        tag, body, rest = der(token)
        oid_tag, oid, inner = der(body)
        if tag != 0x60 or rest or oid_tag != 6 or oid != OID_SPNEGO:
            raise Refused('neither NTLM nor SPNEGO')
        tag, inner, _ = der(inner)
        parts = members(der(inner)[1])
        if tag != 0xa0 or 0xa0 not in parts:
            raise Refused('SPNEGO without a list of mechanisms')
        self.mechanisms = parts[0xa0]
        offered = [oid for _, oid in sequence(der(self.mechanisms)[1])]
        if OID_NTLM not in offered:
            raise Refused('NTLM is not among the mechanisms')
        self.preferred = offered[0] == OID_NTLM
        return der(parts[0xa2])[1] if self.preferred and 0xa2 in parts else None

    def response(self, token):
        tag, body, _ = der(token)
        if tag != 0xa1:
            raise Refused('not the answer of SPNEGO')
        parts = members(der(body)[1])
        self.their_mic = der(parts[0xa3])[1] if 0xa3 in parts else None
        if 0xa2 not in parts:
            raise Refused('SPNEGO without a token')
        return der(parts[0xa2])[1]

    def answer(self, state, token, mechanism=True, mic=None):
        body = wrap_der(0xa0, wrap_der(0x0a, bytes([state])))
        if mechanism:
            body += wrap_der(0xa1, wrap_der(6, OID_NTLM))
        if token is not None:
            body += wrap_der(0xa2, wrap_der(4, token))
        if mic is not None:
            body += wrap_der(0xa3, wrap_der(4, mic))
        return wrap_der(0xa1, wrap_der(0x30, body))


def der(data):
    """Tag, contents and what follows."""
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7f
        size = int.from_bytes(data[2:at], 'big')
    if at + size > len(data):
        raise Refused('the encoding ends too early')
    return data[0], data[at:at + size], data[at + size:]


def sequence(data):
    while data:
        tag, body, data = der(data)
        yield tag, body


def members(data):
    return dict(sequence(data))


def wrap_der(tag, body):
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(length)]) + length + body


def endpoint_binding(certificate):
    """MD5 of the gss_channel_bindings_struct of tls-server-end-point (RFC 5929), as in MsvAvChannelBindings."""
    body = der(certificate)[1]
    algorithm = list(sequence(body))[1][1]
    by_oid = {bytes.fromhex('2a864886f70d01010c'): 'sha384', bytes.fromhex('2a864886f70d01010d'): 'sha512',
              bytes.fromhex('2a8648ce3d040303'): 'sha384', bytes.fromhex('2a8648ce3d040304'): 'sha512'}
    name = by_oid.get(der(algorithm)[1], 'sha256')
    data = b'tls-server-end-point:' + hashlib.new(name, certificate).digest()
    return md5(bytes(16) + struct.pack('<I', len(data)) + data)
