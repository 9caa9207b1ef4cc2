# From a pipe only the last result is printed, strings without quotes.
$ printf '1 + 1\nupper("abc")\n' | imgfac console
| ABC

$ printf '[1, { b = null, a = "x" }]\n' | imgfac console
| [
|   1,
|   {
|     "a" = "x"
|     "b" = null
|   },
| ]

# Each line by itself, as JSON.
$ printf '0.1 + 0.2\n{ b = 1, a = [true] }\nnope\n"a\n' | imgfac console --json | sed 's/^!error.*/!error/'
| 0.3
| {"a":[true],"b":1}
| !error
| !error

$ printf '1 +\n  2\n' | imgfac console --whole
| 3

# With the variables of a template; what is sensitive is hidden.
$ printf 'variable "name" {\n  default = "web"\n}\nvariable "key" {\n  default = "hunter2!"\n  sensitive = true\n}\nlocals {\n  full = "${var.name}-01"\n}\n' >t.pkr.hcl
$ printf 'local.full\n' | imgfac console -var name=db t.pkr.hcl
| db-01

$ printf '"key ${var.key}"\n' | imgfac console t.pkr.hcl
| <sensitive>

# A mistake shows its place.
$ printf 'upper(var.nam)\n' | imgfac console t.pkr.hcl
! Error: Unsupported attribute
!
!   on <console-input> line 1:
!   1: upper(var.nam)
!               ^^^^
! This object does not have an attribute named "nam". Did you mean "name"?
!
? 1
