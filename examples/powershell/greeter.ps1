# Greets every name it is sent: one line in, one line out.
[Console]::InputEncoding = [Console]::OutputEncoding = [Text.UTF8Encoding]::new($false)

while ($null -ne ($name = [Console]::ReadLine())) {
    [Console]::WriteLine("Hello $name!")
}
