/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/manual.h"

#include <stddef.h>

const struct language_topic language_topics[] = {
    {"Files",
     "A template is a directory, of which all files named *.pkr.hcl, *.imgfac.hcl and *.pkr.json "
     "are read as one, or one such file. Files named *.json are templates of Packer's old format; "
     "`imgfac hcl2_upgrade` turns them into HCL.\n\nA file consists of blocks: a type, labels in "
     "quotes, and a body in braces with arguments (NAME = VALUE) and further blocks. Comments "
     "begin with # or //, or stand between /* and */.",
     "source \"qemu\" \"web\" {\n  base   = \"golden@latest\"\n  memory = 1024 # megabytes\n}\n\n"
     "build {\n  sources = [\"source.qemu.web\"]\n\n  provisioner \"shell\" {\n    inline = "
     "[\"apt-get update\"]\n  }\n}",
     NULL},
    {"Variables",
     "A variable is declared once and used as var.NAME. Without a default it must be set. Values "
     "are looked for in this order, the last one wins: the default, the environment variable "
     "PKR_VAR_NAME, files *.auto.pkrvars.hcl and *.auto.pkrvars.json of the directory, -var-file, "
     "-var. The value of a sensitive variable is hidden in all output. A validation block refuses "
     "values with a message of its own.",
     "variable \"size\" {\n  type        = number\n  default     = 20\n  description = \"Of the "
     "disk, in gigabytes.\"\n\n  validation {\n    condition     = var.size >= 4\n    "
     "error_message = \"The disk needs 4 gigabytes.\"\n  }\n}",
     NULL},
    {"Locals",
     "A local is a name for an expression: local.NAME. Locals may use variables, data sources and "
     "each other, in any order.",
     "variable \"release\" {\n  default = \"12\"\n}\n\nlocals {\n  name = \"debian-${var.release}"
     "\"\n}\n\nlocal \"token\" {\n  expression = \"${local.name}-secret\"\n  sensitive  = true\n}",
     NULL},
    {"Numbers", "Numbers are exact to 512 bits. The operators are + - * / % and the comparisons.",
     "(7 + 3) * 2 / 4 % 3", "2"},
    {"Strings",
     "A string in quotes may contain ${ } with an expression, and the escapes \\n \\r \\t \\\" \\\\ "
     "\\uXXXX. $${ is a literal ${.",
     "\"${upper(\"web\")}-${1 + 1} costs $${5}\"", "\"WEB-2 costs ${5}\""},
    {"Heredocs",
     "A text of several lines stands between <<NAME and NAME on a line of its own; with <<-NAME "
     "the common indentation is removed.",
     "<<-END\n  first\n    second\n  END\n", "\"first\\n  second\\n\""},
    {"Directives", "%{ if } and %{ for } choose and repeat text; ~ removes the space beside them.",
     "\"%{ for s in [\"a\", \"b\"] }<${s}>%{ endfor }%{ if 1 > 2 }no%{ else }yes%{ endif }\"",
     "\"<a><b>yes\""},
    {"Lists", "Elements count from 0; a comma may stand behind the last one.",
     "[\"a\", \"b\", [1, 2],][2][1]", "2"},
    {"Maps",
     "Keys are names or strings, or an expression in parentheses. Values are reached by "
     "name or by index.",
     "{ cpus = 2, \"disk size\" = \"20G\", (upper(\"k\")) = 1 }[\"disk size\"]", "\"20G\""},
    {"Conditions", "CONDITION ? IF_TRUE : IF_FALSE; && and || and ! combine conditions.",
     "1 == 1 && !false ? \"yes\" : \"no\"", "\"yes\""},
    {"For", "A for expression makes a list or a map from another one.",
     "[for name, size in { root = 10, home = 20 } : \"${name}:${size}\" if size > 10]",
     "[\"home:20\"]"},
    {"For, as a map", "With => it makes a map; three dots collect values of the same key.",
     "{ for s in [\"ab\", \"ac\", \"b\"] : substr(s, 0, 1) => s... }",
     "{\"a\":[\"ab\",\"ac\"],\"b\":[\"b\"]}"},
    {"Splat", "[*] takes an attribute of every element.",
     "[{ name = \"a\" }, { name = \"b\" }][*].name", "[\"a\",\"b\"]"},
    {"Types",
     "Constraints of variables are string, number, bool, any, list(T), set(T), map(T), object({ "
     "NAME = T }) and tuple([T, ...]); optional(T, DEFAULT) in an object. Values are converted "
     "where that loses nothing.",
     "convert([\"1\", 2], list(number))", "[1,2]"},
    {"Dynamic blocks", "A dynamic block is repeated for each element of a collection.",
     "build {\n  sources = [\"source.qemu.web\"]\n\n  dynamic \"provisioner\" {\n    for_each = "
     "[\"one\", \"two\"]\n    labels   = [\"shell\"]\n\n    content {\n      inline = [\"echo "
     "${provisioner.value}\"]\n    }\n  }\n}",
     NULL},
    {"Names that are always there",
     "path.root is the directory of the template, path.cwd the current one; packer.version is the "
     "version of Packer whose language this is. Inside a source and its provisioners source.type "
     "and source.name; inside provisioners and post-processors build.name, and while the build "
     "runs build.ID, build.Host, build.Port, build.User, build.Password, build.ConnType, "
     "build.PackerRunUUID, build.PackerHTTPAddr, build.SSHPublicKey and build.SSHPrivateKey.",
     "build {\n  sources = [\"source.qemu.web\"]\n\n  provisioner \"shell-local\" {\n    inline = "
     "[\"echo ${source.name} at ${build.Host}\"]\n  }\n}",
     NULL},
    {"What is filled in later",
     "{{ }} in an option is rendered right before it is used, with what is only known then, such "
     "as {{ .HTTPIP }} in boot_command or {{ .Vars }} in execute_command; the page of the option "
     "says what. ${ } is evaluated first.",
     "source \"qemu\" \"web\" {\n  boot_command = [\"<esc>auto "
     "url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg<enter>\"]\n}",
     NULL},
    {NULL, NULL, NULL, NULL},
};
