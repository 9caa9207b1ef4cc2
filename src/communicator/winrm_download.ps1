# After $w ("file", "dir", "contents" or "match") and $a (a path in Base64).  Lines of output:
#   D NAME     a folder            F NAME     a file, begun       B DATA     more of it
#   E DIGEST   its end             L NAME     a link, left out    = COUNT    the end
#   ! REASON   failed
# All but DIGEST in Base64; names have slashes and no root.
$ErrorActionPreference='Stop'
$ProgressPreference='SilentlyContinue'
$u=New-Object Text.UTF8Encoding $false
$o=New-Object IO.StreamWriter ([Console]::OpenStandardOutput()),$u
$script:n=0
function Say($k,$s){$o.WriteLine($k+' '+[Convert]::ToBase64String($u.GetBytes($s)))}
function Give($p,$m){
Say 'F' $m
$h=[Security.Cryptography.SHA256]::Create()
$f=[IO.File]::Open($p,'Open','Read','ReadWrite')
try {
$b=New-Object byte[] 49152
while (($c=$f.Read($b,0,$b.Length)) -gt 0) {
[void]$h.TransformBlock($b,0,$c,$b,0)
$o.WriteLine('B '+[Convert]::ToBase64String($b,0,$c))
}
} finally {$f.Close()}
[void]$h.TransformFinalBlock((New-Object byte[] 0),0,0)
$o.WriteLine('E '+[BitConverter]::ToString($h.Hash).Replace('-',''))
$script:n++
}
function Walk($p,$m){
if (-not [IO.Directory]::Exists($p)) {Give $p $m;return}
if ($m) {Say 'D' $m;$m+='/'}
foreach ($e in ([IO.Directory]::GetFileSystemEntries($p)|Sort-Object)) {
$q=$m+[IO.Path]::GetFileName($e)
if ([IO.File]::GetAttributes($e) -band 1024) {Say 'L' $q} else {Walk $e $q}
}
}
try {
$p=$u.GetString([Convert]::FromBase64String($a))
if ($w -eq 'match') {
$i=$p.IndexOfAny('*?['.ToCharArray())
$r=$p.Substring(0,[Math]::Max($p.LastIndexOfAny('/\'.ToCharArray(),$i),0))
$r=$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($r+'/.').TrimEnd('.','\','/')
foreach ($q in (Resolve-Path -Path $p)) {Walk $q.ProviderPath $q.ProviderPath.Substring($r.Length+1).Replace('\','/')}
} else {
$p=$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($p)
if ($w -eq 'file') {Give $p 'file'}
elseif (-not [IO.Directory]::Exists($p)) {throw "'$p' is no folder"}
elseif ($w -eq 'dir') {Walk $p ([IO.Path]::GetFileName($p.TrimEnd('\','/')))}
else {Walk $p ''}
}
Say '=' "$script:n"
$o.Flush()
} catch {
Say '!' $_.Exception.Message
$o.Flush()
exit 1
}
