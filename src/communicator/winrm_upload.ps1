# Standard input says what to make, a line each:
#   D PATH     a folder            F PATH     a file, begun       B DATA     more of it
#   E DIGEST   its end             PATH and DATA are in Base64
# The answer is "= " and the number of files, or "! " and what went wrong, in Base64.
begin {
$ErrorActionPreference='Stop'
$ProgressPreference='SilentlyContinue'
$u=New-Object Text.UTF8Encoding $false
$f=$null
$n=0
function Say($k,$s){[Console]::Out.WriteLine($k+' '+[Convert]::ToBase64String($u.GetBytes($s)))}
function Full($s){$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($u.GetString([Convert]::FromBase64String($s)))}
}
process {
try {
$l=''+$input
$v=$l.Substring(2).Trim()
switch ($l.Substring(0,1)) {
'D' {[void][IO.Directory]::CreateDirectory((Full $v))}
'F' {
$p=Full $v
if ([IO.Directory]::Exists($p)) {throw "'$p' is a folder"}
$d=[IO.Path]::GetDirectoryName($p)
if ($d) {[void][IO.Directory]::CreateDirectory($d)}
$f=[IO.File]::Create($p)
$h=[Security.Cryptography.SHA256]::Create()
}
'B' {
$b=[Convert]::FromBase64String($v)
[void]$h.TransformBlock($b,0,$b.Length,$b,0)
$f.Write($b,0,$b.Length)
}
'E' {
[void]$h.TransformFinalBlock((New-Object byte[] 0),0,0)
$f.Close()
$f=$null
$s=[BitConverter]::ToString($h.Hash).Replace('-','')
if ($s -ne $v) {throw "'$p' arrived damaged"}
$n++
}
default {throw 'line not understood'}
}
} catch {
if ($f) {$f.Close()}
Say '!' $_.Exception.Message
exit 1
}
}
end {Say '=' "$n"}
