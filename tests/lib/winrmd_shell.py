# SPDX-License-Identifier: Apache-2.0
"""Shells and commands of the WinRM test server (winrmd.py): processes, their streams, their limits.

A command is PROGRAM with one argument, the command line as cmd.exe would see it.  Nothing here knows
of SOAP; what Windows would refuse is raised as a Fault.
"""

import os
import signal
import subprocess
import threading
import time
import uuid

# cmd.exe takes no longer line, CreateProcess no longer argument.
CMD_LINE_MAX = 8191
PROCESS_LINE_MAX = 32767
PENDING_MAX = 1 << 18
STREAM_COST = 100                   # bytes of XML around the data of a stream, as data
STATUS_ACCESS_VIOLATION = 0xC0000005
STATUS_CONTROL_C_EXIT = 0xC000013A


class Fault(Exception):
    """A SOAP fault: code Sender or Receiver, a subcode such as w:TimedOut, Windows' number and words."""

    def __init__(self, sender, subcode, number, message, detail=None, reason=None):
        super().__init__(message)
        self.sender, self.subcode, self.number = sender, subcode, number
        self.message, self.detail, self.reason = message, detail, reason or message


def timed_out():
    return Fault(False, 'w:TimedOut', 2150858793, 'The WS-Management service cannot complete the operation within '
                 'the time specified in OperationTimeout.  ')


def aborted():
    return Fault(False, 'w:InternalError', 995, 'The I/O operation has been aborted because of either a thread exit '
                 'or an application request. ')


class Command:
    """One process.  Output waits in .pending until it is received; a full buffer stops the process, as a pipe does."""

    def __init__(self, argv, env, cwd):
        self.id = str(uuid.uuid4()).upper()
        self.changed = threading.Condition()
        self.pending = []           # (stream name, bytes)
        self.open = {'stdout', 'stderr'}
        self.exit_code = None
        self.gone = False           # terminated: its operations fail
        self.console = True         # the client said that its standard input is no pipe
        self.input = []
        self.input_ended = False
        self.process = None
        if argv is None:
            self.pending = [('stderr', b'The command line is too long.\r\n')]
            self.open, self.exit_code = set(), 1
            return
        self.process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, start_new_session=True)
        for target, args in ((self._read, ('stdout', self.process.stdout)),
                             (self._read, ('stderr', self.process.stderr)), (self._write, ()), (self._wait, ())):
            threading.Thread(target=target, args=args, daemon=True).start()

    def _read(self, name, pipe):
        while True:
            data = os.read(pipe.fileno(), 65536)
            with self.changed:
                while data and not self.gone and sum(len(d) for _, d in self.pending) > PENDING_MAX:
                    self.changed.wait()
                if data:
                    self.pending.append((name, data))
                else:
                    self.open.discard(name)
                self.changed.notify_all()
            if not data:
                pipe.close()
                return

    def _write(self):
        pipe = self.process.stdin
        while True:
            with self.changed:
                while not self.input and not self.input_ended and not self.gone and self.exit_code is None:
                    self.changed.wait()
                if not self.input:
                    break
                data = self.input[0]
            try:
                pipe.write(data)
                pipe.flush()
            except OSError:             # the process reads no more: Windows swallows it too
                pass
            with self.changed:
                self.input.pop(0)
                self.changed.notify_all()
        try:
            pipe.close()
        except OSError:
            pass

    def _wait(self):
        status = self.process.wait()
        codes = {-signal.SIGINT: STATUS_CONTROL_C_EXIT, -signal.SIGSEGV: STATUS_ACCESS_VIOLATION}
        with self.changed:
            self.exit_code = status if status >= 0 else codes.get(status, 1)
            self.changed.notify_all()

    def send(self, data, end, deadline):
        with self.changed:
            if self.input_ended:
                raise Fault(False, 'w:InternalError', 232, 'The pipe is being closed. ')
            if len(self.input) > 8:
                raise Fault(False, 'w:InternalError', 170, 'The requested resource is in use. ')
            if data:
                self.input.append(data)
            self.input_ended = self.input_ended or end
            self.changed.notify_all()
            if self.process:
                while self.input and self.exit_code is None and not self.gone:
                    if not self.changed.wait(max(0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                        raise timed_out()

    def done(self, names):
        return self.exit_code is not None and not self.open and not any(n in names for n, _ in self.pending)

    def receive(self, names, limit, deadline):
        """What the streams wrote, at most limit bytes: [(name, bytes)] and whether the command is done with it."""
        with self.changed:
            while not self.gone and not self.done(names) and not any(n in names for n, _ in self.pending):
                if not self.changed.wait(max(0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise timed_out()
            if self.gone:
                raise aborted()
            out, kept = [], []
            for name, data in self.pending:
                if name not in names or limit <= 0:
                    kept.append((name, data))
                    continue
                if len(data) > limit:
                    kept.append((name, data[limit:]))
                out.append((name, data[:limit]))
                limit -= len(out[-1][1]) + STREAM_COST
            self.pending = kept
            self.changed.notify_all()
            return out, self.done(names)

    def interrupt(self):
        self._kill(signal.SIGINT)

    def terminate(self):
        with self.changed:
            self.gone = True
            self.changed.notify_all()
        self._kill(signal.SIGKILL)

    def _kill(self, number):
        if self.process and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass


class Shell:
    def __init__(self, user, program, inputs, outputs, env, cwd, idle):
        self.id = str(uuid.uuid4()).upper()
        self.user, self.program, self.inputs, self.outputs = user, program, inputs, outputs
        self.env, self.cwd, self.idle = env, cwd, idle
        self.born = self.touched = time.monotonic()
        self.busy = 0               # operations under way: an idle shell has none
        self.started = 0            # Windows never takes these off a text shell's count of operations
        self.commands = {}

    def run(self, line, skip_cmd):
        if self.cwd and not os.path.isdir(self.cwd):
            raise Fault(False, 'w:InternalError', 267, 'The directory name is invalid. ')
        if skip_cmd and len(line) > PROCESS_LINE_MAX:
            raise Fault(False, 'w:InternalError', 206, 'The filename or extension is too long. ')
        argv = [self.program, line] if skip_cmd or len(line) <= CMD_LINE_MAX else None
        env = dict(os.environ)
        env.update(self.env)
        command = Command(argv, env, self.cwd or None)
        self.commands[command.id] = command
        self.started += 1
        return command

    def close(self):
        for command in self.commands.values():
            command.terminate()


class Shells:
    """All shells of the server with its quotas."""

    def __init__(self, program, max_shells, max_operations):
        self.program, self.max_shells, self.max_operations = program, max_shells, max_operations
        self.lock = threading.RLock()
        self.shells = {}

    def expire(self):
        now = time.monotonic()
        with self.lock:
            old = [s for s in self.shells.values() if not s.busy and now - s.touched > s.idle]
            for shell in old:
                del self.shells[shell.id]
        for shell in old:
            shell.close()

    def create(self, user, inputs, outputs, env, cwd, idle):
        self.expire()
        with self.lock:
            if sum(s.user == user for s in self.shells.values()) >= self.max_shells:
                raise Fault(False, 'w:QuotaLimit', 2150859173, 'The WS-Management service cannot process the request. '
                            'This user is allowed a maximum number of %d concurrent shells, which has been exceeded. '
                            'Close existing shells or raise the quota for this user. ' % self.max_shells)
            shell = Shell(user, self.program, inputs, outputs, env, cwd, idle)
            self.shells[shell.id] = shell
            return shell

    def find(self, user, shell_id):
        self.expire()
        with self.lock:
            shell = self.shells.get(shell_id.upper())
            if not shell or shell.user != user:
                raise Fault(True, 'w:InvalidSelectors', 2150858843, 'The request for the Windows Remote Shell with '
                            'ShellId %s failed because the shell was not found on the server. Possible causes are: '
                            'the specified ShellId is incorrect or the shell no longer exists on the server. Provide '
                            'the correct ShellId or create a new shell and retry the operation. ' % shell_id,
                            'UnexpectedSelectors', 'The WS-Management service cannot process the request because '
                            'the request contained invalid selectors for the resource. ')
            return shell

    def run(self, shell, line, skip_cmd):
        with self.lock:
            used = sum(s.started for s in self.shells.values() if s.user == shell.user)
            if used >= self.max_operations:
                raise Fault(False, 'w:QuotaLimit', 2150859174, 'The WS-Management service cannot process the request. '
                            'This user is allowed a maximum number of %d concurrent operations, which has been '
                            'exceeded. Close existing operations for this user, or raise the quota for this user. '
                            % self.max_operations)
            return shell.run(line, skip_cmd)

    def delete(self, shell):
        with self.lock:
            self.shells.pop(shell.id, None)
        shell.close()

    def close(self):
        with self.lock:
            shells, self.shells = list(self.shells.values()), {}
        for shell in shells:
            shell.close()
