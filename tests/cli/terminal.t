# SPDX-License-Identifier: Apache-2.0
# What a person at a terminal does: the console, and questions of a build.
@ needs python3
$ cat >t.pkr.hcl <<'END'
> variable "names" { default = ["a", "b"] }
> locals { upper = upper(var.names[0]) }
> END
# Completion, several lines, a heredoc, Ctrl-C that gives up a line, Ctrl-D.
$ export XDG_STATE_HOME=$PWD/state TERM=xterm; $ROOT/tests/lib/pty 'expect > ' 'type var.na\t[1]\n' 'expect \nb\r\n' 'expect > ' 'type local.\t\n' 'expect \nA\r\n' 'expect > ' 'type [1,\n' 'expect   ' 'type 2][1]\n' 'expect \n2\r\n' 'expect > ' 'type <<E\nhi ${local.upper}\nE\n' 'expect \nhi A' 'expect > ' 'type nonsense(\x03' 'expect ^C' 'expect > ' 'type (\n' 'expect   ' 'type \x03' 'expect > ' 'type 40 + 2\n' 'expect \n42\r\n' 'expect > ' 'type \x04' -- imgfac console t.pkr.hcl; cat state/imgfac/console_history; stat -c %a state/imgfac/console_history
| exit 0
| _HiStOrY_V2_
| var.names[1]
| local.upper
| [1,\0122][1]
| <<E\012hi\040${local.upper}\012E
| 40\040+\0402
| 600

# What was typed before comes back; Ctrl-C on an empty line leaves, so does `exit`.
$ export XDG_STATE_HOME=$PWD/state TERM=xterm; $ROOT/tests/lib/pty 'expect > ' 'type \x1b[A\n' 'expect \n42\r\n' 'expect > ' 'type \x04' -- imgfac console; $ROOT/tests/lib/pty 'expect > ' 'type \x03' -- imgfac console; $ROOT/tests/lib/pty 'expect > ' 'type exit\n' -- imgfac console
| exit 0
| exit 0
| exit 0

$ cat >ask.pkr.hcl <<'END'
> source "null" "x" { communicator = "none" }
> build {
>   sources = ["null.x"]
>   provisioner "shell-local" { inline = ["echo $((40 + 2))", "exit 3"] }
> }
> END
$ echo 'store { path = "store" }' >site.hcl
# Ctrl-C answers the question: clean up.
$ $ROOT/tests/lib/pty 'expect retry step' 'send \x03' 'expect Cleanly cancelled' -- imgfac -config=site.hcl build -on-error=ask -color=false ask.pkr.hcl
| exit 130

$ $ROOT/tests/lib/pty 'expect retry step' 'send x\n' 'expect Incorrect input: "x"' 'send r\n' 'expect retry step' 'send \n' -- imgfac -config=site.hcl build -on-error=ask -color=false ask.pkr.hcl
| exit 1

$ $ROOT/tests/lib/pty 'expect retry step' 'send a\n' 'expect aborting' -- imgfac -config=site.hcl build -on-error=ask -color=false ask.pkr.hcl
| exit 1

$ cat >break.pkr.hcl <<'END'
> source "null" "x" { communicator = "none" }
> build {
>   sources = ["null.x"]
>   provisioner "breakpoint" { note = "look" }
> }
> END
$ $ROOT/tests/lib/pty 'expect Press enter' 'send \x03' 'expect Cleanly cancelled' -- imgfac -config=site.hcl build -color=false break.pkr.hcl
| exit 130

$ $ROOT/tests/lib/pty 'expect Press enter' 'send \n' 'expect finished' -- imgfac -config=site.hcl build -color=false break.pkr.hcl
| exit 0

# -debug pauses after every step; Ctrl-C ends the build there.
$ sed 's/"exit 3"/"true"/' ask.pkr.hcl >debug.pkr.hcl; $ROOT/tests/lib/pty "expect step 'admit'. Press enter" 'send \n' "expect step 'target'. Press enter" 'send \n' "expect step 'connect'. Press enter" 'send \n' "expect step 'ready'. Press enter" 'send \n' "expect step 'shell-local'. Press enter" 'send \n' 'expect finished' -- imgfac -config=site.hcl build -color=false -debug debug.pkr.hcl
| exit 0
$ $ROOT/tests/lib/pty "expect step 'admit'. Press enter" 'send \x03' 'expect Cleanly cancelled' -- imgfac -config=site.hcl build -color=false -debug debug.pkr.hcl
| exit 130
