# Counts from 1 to 10, one number every half second.
foreach ($number in 1..10) {
    [Console]::WriteLine($number)
    Start-Sleep -Milliseconds 500
}
