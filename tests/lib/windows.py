#!/usr/bin/python3 -IS
# SPDX-License-Identifier: Apache-2.0
"""A small pretended Windows for the tests of the communicator "winrm": --exec of winrmd.py.

usage: WINDOWS=FOLDER windows.py COMMAND-LINE

Drive c: is FOLDER/c.  It does what the scripts and commands of imgfac would do in Windows, by knowing their texts:
whatever else it is asked for is an error (status 97), so a script that changes must be changed here too.  It shows
nothing about PowerShell itself.  FOLDER/accounts holds lines "USER PASSWORD" for scheduled tasks; a restart
that is ordered makes FOLDER/restart; FOLDER/registry holds the keys that are there.
"""

import base64
import glob
import hashlib
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', '..', 'src', 'communicator')
ROOT = os.environ['WINDOWS']
HOME = 'c:/Users/vagrant'
# Of the text that runs an elevated command (src/provisioner/windows.c), after its variables.
TASK_DIGEST = '6d54f7bc477882c0c07f7c9ae4b44a2786376e0d4b0c706937c9040f81ebc55a'
OUT = sys.stdout.buffer


class Failed(Exception):
    """What Windows would say no to."""


def unknown(what):
    sys.stderr.write('windows.py: not understood: %r\n' % what[:2000])
    sys.exit(97)


def say(text, to=sys.stdout):
    to.buffer.write(text.encode() + b'\r\n')
    to.buffer.flush()


# --- paths ---

def full(path):
    """As Windows would write it, with a drive."""
    path = path.replace('\\', '/')
    if not re.match('[a-zA-Z]:/', path):
        path = HOME + '/' + path
    if re.search('[<>"|\0]', path) or ':' in path[2:]:
        raise Failed("The given path's format is not supported.")
    return path[0].lower() + os.path.normpath(path[1:])


def here(path):
    """Where that is on this host."""
    path = full(path)
    return os.path.join(ROOT, path[0], path[3:]) if len(path) > 3 else os.path.join(ROOT, path[0])


def there(path):
    return path[len(ROOT) + 1:].replace('/', ':/', 1)


# --- the scripts of the communicator ---

def shipped(name):
    """A script as it is sent: without its comments."""
    with open(os.path.join(SOURCE, name), encoding='utf-8') as f:
        return ''.join(line for line in f if not line.startswith('#'))


def b64(text):
    return base64.b64encode(text.encode()).decode()


def upload():
    open_file = digest = None
    count = 0
    try:
        for line in sys.stdin.buffer:
            kind, payload = line[:1], line[2:].strip()
            if kind in b'DF':
                target = base64.b64decode(payload, validate=True).decode()
            if kind == b'D':
                os.makedirs(here(target), exist_ok=True)
            elif kind == b'F':
                path = here(target)
                if os.path.isdir(path):
                    raise Failed("'%s' is a folder" % full(target))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open_file = open(path, 'wb')
                digest = hashlib.sha256()
            elif kind == b'B':
                data = base64.b64decode(payload, validate=True)
                digest.update(data)
                open_file.write(data)
            elif kind == b'E':
                open_file.close()
                if digest.hexdigest() != payload.decode().lower():
                    raise Failed("'%s' arrived damaged" % target)
                count += 1
            else:
                raise Failed('line not understood')
    except (Failed, OSError, ValueError) as e:
        say('! ' + b64(str(e)))
        return 1
    say('= ' + b64(str(count)))
    return 0


class Download:
    """What winrm_download.ps1 prints."""

    def __init__(self):
        self.count = 0

    def give(self, path, name):
        say('F ' + b64(name))
        digest = hashlib.sha256()
        with open(path, 'rb') as f:
            while data := f.read(49152):
                digest.update(data)
                OUT.write(b'B ' + base64.b64encode(data) + b'\r\n')
        damage = os.environ.get('WINDOWS_DAMAGE') == 'download'
        say('E ' + ('0' * 64 if damage else digest.hexdigest().upper()))
        self.count += 1

    def walk(self, path, name):
        if not os.path.isdir(path):
            self.give(path, name)
            return
        if name:
            say('D ' + b64(name))
            name += '/'
        for entry in sorted(os.listdir(path)):
            if os.path.islink(os.path.join(path, entry)):
                say('L ' + b64(name + entry))
            else:
                self.walk(os.path.join(path, entry), name + entry)

    def run(self, what, path):
        try:
            if what == 'match':
                first = min(i for i in (path.find(c) for c in '*?[') if i >= 0)
                base = full(path[:max(path.replace('\\', '/').rfind('/', 0, first), 0)] + '/.')
                for match in sorted(glob.glob(os.path.join(ROOT, full(path).replace(':/', '/', 1)))):
                    self.walk(match, there(match)[len(base) + 1:])
            elif what == 'file':
                self.give(here(path), 'file')
            elif not os.path.isdir(here(path)):
                raise Failed("'%s' is no folder" % full(path))
            else:
                self.walk(here(path), os.path.basename(full(path)) if what == 'dir' else '')
        except (Failed, OSError) as e:
            say('! ' + b64(str(e)))
            return 1
        say('= ' + b64(str(self.count)))
        return 0


# --- PowerShell ---

def unquote(text):
    """'it''s'"""
    if not re.fullmatch("'(?:[^']|'')*'", text):
        unknown(text)
    return text[1:-1].replace("''", "'")


def unescape(text):
    """The inside of a string in double quotes whose every special character has a backtick."""
    if re.search(r'(?<!`)(?:``)*[$"]', text):
        unknown(text)
    return re.sub(r'`(.)', r'\1', text, flags=re.S)


QUOTED = "'(?:[^']|'')*'"
ENV = re.compile(r'\$env:([A-Za-z_][A-Za-z0-9_]*)="((?:[^"`]|`.)*)"; ', re.S)
PROGRESS = ("if (Test-Path variable:global:ProgressPreference) {\n  set-variable -name "
            "variable:global:ProgressPreference -value 'SilentlyContinue'\n}\n")
INLINE = re.compile(re.escape(PROGRESS + '$exitCode = 0\ntry {\n') + '(.*)' + re.escape(
    '$exitCode = 0\n} catch {\n  Write-Error -ErrorRecord $_ -ErrorAction Continue\n  $exitCode = 1\n}\n'
    'if ($LASTEXITCODE -ne $null -and $LASTEXITCODE -ne 0) {\n  $exitCode = $LASTEXITCODE\n}\nexit $exitCode\n'), re.S)


def set_environment(text):
    """Assignments at the head of TEXT; what follows them."""
    while match := ENV.match(text):
        os.environ[match[1]] = unescape(match[2])
        text = text[match.end():]
    return text


def statement(line):
    """One line of a user's script; True when an exception ends it."""
    if match := re.fullmatch('(Write-Host|Write-Output) "([^"`]*)"', line):
        say(re.sub(r'\$env:(\w+)', lambda m: os.environ.get(m[1], ''), match[2]))
    elif match := re.fullmatch(r'\[Console\]::Error\.WriteLine\("([^"$`]*)"\)', line):
        say(match[1], sys.stderr)
    elif match := re.fullmatch('exit ([0-9]+)', line):
        sys.exit(int(match[1]))
    elif match := re.fullmatch('throw "([^"$`]*)"', line):
        say(match[1], sys.stderr)
        return True
    elif line:
        unknown(line)
    return False


def script_file(path):
    """powershell -file PATH"""
    try:
        with open(here(path), encoding='utf-8', newline='') as f:
            text = f.read()
    except OSError:
        say("The argument '%s' to the -File parameter does not exist." % path, sys.stderr)
        return 1
    if text.startswith("$name = 'packer-"):
        return task(path, text)
    match = INLINE.fullmatch(text)
    if not match:
        unknown(text)
    for line in set_environment(match[1]).split('\n'):
        if statement(line):
            return 1
    return 0


def script_with_environment(env_path, path):
    with open(here(env_path), encoding='utf-8', newline='') as f:
        if rest := set_environment(f.read()):
            unknown(rest)
    with open(here(path), encoding='utf-8', newline='') as f:
        for line in f.read().splitlines():
            if statement(line):
                return 1
    return 0


# --- scheduled tasks ---

NS = '{http://schemas.microsoft.com/windows/2004/02/mit/task}'
TASK = re.compile(
    r"\$name = '(packer-[0-9a-f-]{36})'\n"
    r"\$log = \[System.Environment\]::ExpandEnvironmentVariables\('(%SYSTEMROOT%/Temp/\1\.out)'\)\n"
    r'\$script = (' + QUOTED + ')\n' r'\$user = (' + QUOTED + ')\n' r'\$password = (' + QUOTED + ')\n'
    r"\$xml = \[xml\]@'\n(.*?)\n'@\n(.*)", re.S)


def task(path, text):
    match = TASK.fullmatch(text)
    if not match or hashlib.sha256(match[7].encode()).hexdigest() != TASK_DIGEST:
        unknown('%s %s' % (hashlib.sha256(match[7].encode()).hexdigest() if match else '', text))
    user, password = unquote(match[4]), unquote(match[5])
    if unquote(match[3]) != path:
        unknown('the script %s calls itself %s' % (path, match[3]))
    tree = xml.etree.ElementTree.fromstring(match[6].replace('encoding="UTF-16"', ''))
    principal = tree.find('%sPrincipals/%sPrincipal' % (NS, NS))
    action = tree.find('%sActions/%sExec' % (NS, NS))
    if principal.find(NS + 'UserId').text != user or principal.find(NS + 'RunLevel').text != 'HighestAvailable' or \
            principal.find(NS + 'LogonType').text != 'Password' or action.find(NS + 'Command').text != 'cmd':
        unknown(match[6])
    if password:
        with open(os.path.join(ROOT, 'accounts'), encoding='utf-8') as f:
            if '%s %s' % (user, password) not in f.read().split('\n'):
                say('The user name or password is incorrect.', sys.stderr)
                return 1
    elif user.upper() not in ('SYSTEM', 'NT AUTHORITY\\SYSTEM'):
        say('No mapping between account names and security IDs was done.', sys.stderr)
        return 1
    argument = re.fullmatch(r'/c (.*) > %s 2>&1' % re.escape(match[2]), action.find(NS + 'Arguments').text, re.S)
    if not argument:
        unknown(match[6])
    done = subprocess.run([sys.executable, __file__, argument[1]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, env={**os.environ, 'ELEVATED': user})
    OUT.write(done.stdout)
    OUT.flush()
    os.remove(here(path))
    return done.returncode


# --- cmd ---

def batch(path):
    try:
        with open(here(path), encoding='utf-8', newline='') as f:
            lines = f.read().split('\r\n')
    except OSError:
        say('The system cannot find the path specified.', sys.stderr)
        return 1
    for line in lines:
        if match := re.fullmatch('@set ([A-Za-z_]+)=(.*)', line):
            value = re.sub(r'\^(.)', r'\1', match[2])
            os.environ[match[1]] = value.replace('%%', '%')
        elif match := re.fullmatch('echo (.*)', line):
            say(re.sub('%([A-Za-z_]+)%', lambda m: os.environ.get(m[1], ''), match[1]))
        elif match := re.fullmatch('exit (?:/b )?([0-9]+)', line):
            return int(match[1])
        elif line:
            unknown(line)
    return 0


def restart(delay):
    wanted = os.path.join(ROOT, 'restart')
    if os.path.exists(wanted):
        say('A system shutdown is in progress.(1115)', sys.stderr)
        return 1115 & 0xff
    if delay == '0':
        with open(wanted, 'w', encoding='utf-8'):
            pass
    return 0


def flood(size):
    """SIZE bytes in numbered lines of 64."""
    data = b''.join(b'%062d\r\n' % i for i in range(int(size) // 64))
    OUT.write(data)
    return 0


def copy_input():
    while data := os.read(0, 65536):
        OUT.write(data)
        OUT.flush()
    return 0


def hang():
    say('hanging')
    with open(os.path.join(ROOT, 'hanging'), 'w', encoding='utf-8') as f:
        f.write(str(os.getpid()))
    while True:
        time.sleep(60)


def remove(paths):
    for path in re.findall(QUOTED, paths):
        try:
            os.remove(here(unquote(path)))
        except OSError:
            pass
    return 0


def test_paths(keys):
    registry = os.path.join(ROOT, 'registry')
    there_are = open(registry, encoding='utf-8').read().split('\n') if os.path.exists(registry) else []
    for key in re.findall(QUOTED, keys):
        say(str(unquote(key) in there_are))
    return 0


def hello(text):
    say(text)
    return 0


def errors(text):
    say(text, sys.stderr)
    return 0


ENCODED = [
    (r"\$ProgressPreference='SilentlyContinue'\nWrite-Output '(WinRM connected\.)'\n", hello),
    (r'echo \("\{0\} restarted\." -f \[System\.Net\.Dns\]::GetHostName\(\)\)', lambda: hello('windows restarted.')),
    (r'Remove-Item -Force -ErrorAction SilentlyContinue -LiteralPath (%s(?:,%s)*); exit 0' % (QUOTED, QUOTED), remove),
    (r'((?:Test-Path %s; )+)' % QUOTED, test_paths),
    (r'echo "(ansible as [a-z]+)"', hello),
    (r"\$w='(\w+)'\n\$a='([A-Za-z0-9+/=]*)'\n" + re.escape(shipped('winrm_download.ps1')),
     lambda what, path: Download().run(what, base64.b64decode(path).decode())),
    (re.escape(shipped('winrm_upload.ps1')), upload),
]
WITH_ENV = (r'powershell -executionpolicy bypass "& { if \(Test-Path variable:global:ProgressPreference\){set-variable '
            r"-name variable:global:ProgressPreference -value 'SilentlyContinue'};\. ([^ ;']+|%s); &(%s); "
            r'exit \$LastExitCode }"' % (QUOTED, QUOTED))


def encoded(text):
    if len(text) * 3 // 2 > 8000:
        say('The command line is too long.', sys.stderr)
        return 1
    script = base64.b64decode(text, validate=True).decode('utf-16le')
    return choose(ENCODED, script)


LINES = [
    (r'(?i:powershell)(?:\.exe)? -NoProfile (?:-NonInteractive -ExecutionPolicy (?:Bypass|Unrestricted) )?-EncodedCommand ([A-Za-z0-9+/=]+)', encoded),
    (r'powershell -executionpolicy bypass -file "?([^"]+)"?', script_file),
    (WITH_ENV, lambda env, path: script_with_environment(unquote(env) if env[0] == "'" else env, unquote(path))),
    (r'"([^"]+\.bat)"', batch),
    (r'shutdown /r /f /t (0|60) /c "packer restart(?: test)?"', restart),
    (r'shutdown /a', lambda: 0),
    (r'echo ([^&|<>%^]*)', hello),
    (r'echo ([^&|<>%^]*)>&2', errors),
    (r'exit (-?[0-9]+)', lambda status: int(status) & 0xff),
    (r'flood ([0-9]+)', flood),
    (r'copy-input', copy_input),
    (r'hang', hang),
]


def choose(table, text):
    for pattern, action in table:
        if match := re.fullmatch(pattern, text, re.S):
            return action(*match.groups())
    return unknown(text)


if __name__ == '__main__':
    sys.exit(choose(LINES, sys.argv[1]))
