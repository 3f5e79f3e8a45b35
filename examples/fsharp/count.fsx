// Counts from 1 to 10, one number every half second.
for number in 1..10 do
    printfn "%d" number
    System.Threading.Thread.Sleep 500
