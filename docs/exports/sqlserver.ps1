# Makes one chunk of an export of a Genesys Info Mart on SQL Server in a folder, which seats reads as export_dir: beside it first,
# and renamed into place once it is whole. Windows PowerShell 5.1 will do; no module is needed.
#
#   .\sqlserver.ps1 -Server GIMDB -Database gim -Folder D:\exports -Days 7
#
# It logs in as the Windows account that runs it. All tables are read in one transaction under snapshot isolation, which the
# database must allow: ALTER DATABASE gim SET ALLOW_SNAPSHOT_ISOLATION ON.
param(
    [Parameter(Mandatory)] [string] $Server,
    [Parameter(Mandatory)] [string] $Database,
    [Parameter(Mandatory)] [string] $Folder,
    [int] $Days = 7
)
$ErrorActionPreference = 'Stop'
$statements = [regex]::Matches((Get-Content -Raw (Join-Path $PSScriptRoot 'sqlserver.sql')),
    '(?ms)^-- (?<file>mark|\w+\.csv)\b[^\r\n]*\r?\n(?<text>(select|with) .*?);')
if ($statements.Count -ne 8) { throw 'sqlserver.sql: eight statements are expected' }

$Folder = (Resolve-Path -LiteralPath $Folder).ProviderPath   # .NET has a current folder of its own
$work = Join-Path $Folder ('incoming.' + [guid]::NewGuid().ToString('N'))
$null = New-Item -ItemType Directory -Path $work
$connection = New-Object System.Data.SqlClient.SqlConnection "Server=$Server;Database=$Database;Integrated Security=SSPI;Application Name=seats export"
try {
    $connection.Open()
    $transaction = $connection.BeginTransaction([System.Data.IsolationLevel]::Snapshot)
    $mark = $null
    $fromKey = $null
    foreach ($statement in $statements) {
        $command = $connection.CreateCommand()
        $command.Transaction = $transaction
        $command.CommandTimeout = 0
        $command.CommandText = $statement.Groups['text'].Value
        $file = $statement.Groups['file'].Value
        if ($file -eq 'mark') {
            $null = $command.Parameters.AddWithValue('@days', $Days)
            $reader = $command.ExecuteReader()
            if (-not $reader.Read() -or $reader.IsDBNull(0)) { throw 'there is no high-water mark: may ctl_extract_history and ctl_transform_history be read, and is what was extracted of every T-Server and OCS transformed?' }
            $mark = ([datetime]'1970-01-01').AddSeconds($reader.GetInt64(0)).ToString('yyyy_MM_dd_HH_mm_ss', [cultureinfo]::InvariantCulture)
            $fromKey = $reader.GetInt64(1)
            $reader.Close()
            continue
        }
        if ($command.CommandText.Contains('@from_key')) { $null = $command.Parameters.AddWithValue('@from_key', $fromKey) }
        $reader = $command.ExecuteReader()
        $writer = New-Object System.IO.StreamWriter (Join-Path $work $file), $false, (New-Object System.Text.UTF8Encoding $false), 1048576
        try {
            $n = $reader.FieldCount
            $fields = New-Object string[] $n
            for ($i = 0; $i -lt $n; $i++) { $fields[$i] = $reader.GetName($i) }
            $writer.WriteLine([string]::Join(',', $fields))
            $values = New-Object object[] $n
            while ($reader.Read()) {
                $null = $reader.GetValues($values)
                for ($i = 0; $i -lt $n; $i++) {
                    $value = $values[$i]
                    if ($value -is [System.DBNull]) { $fields[$i] = '' }
                    elseif ($value -is [string]) { $fields[$i] = '"' + $value.Replace('"', '""') + '"' }
                    else { $fields[$i] = ([System.IFormattable]$value).ToString($null, [cultureinfo]::InvariantCulture) }
                }
                $writer.WriteLine([string]::Join(',', $fields))
            }
        } finally { $writer.Close(); $reader.Close() }
    }
    $transaction.Commit()
    $chunk = "export_$mark"
    if (Test-Path (Join-Path $Folder $chunk)) { Write-Warning "$chunk is there: the GIM has read nothing since"; return }
    Rename-Item $work $chunk
    $chunk
} finally {
    $connection.Close()
    if (Test-Path $work) { Remove-Item -Recurse -Force $work }
}
