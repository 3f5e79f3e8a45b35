// Greets every name it is sent: one line in, one line out.
open System
open System.Text

Console.InputEncoding <- UTF8Encoding false
Console.OutputEncoding <- UTF8Encoding false

Seq.initInfinite (fun _ -> Console.ReadLine())
|> Seq.takeWhile (isNull >> not)
|> Seq.iter (printfn "Hello %s!")
