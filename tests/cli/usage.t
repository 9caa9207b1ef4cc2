# The version, and what a wrong command says.
$ imgfac version | sed 's/ .*//'
| imgfac

$ imgfac nonsense
! Error: Unknown command 'imgfac nonsense'
!
! `imgfac -help` lists the commands.
!
? 2
