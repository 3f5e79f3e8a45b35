// Counts from 1 to 10, one number every half second.
using System;
using System.Threading;

static class Count
{
    static void Main()
    {
        for (int number = 1; number <= 10; number++)
        {
            Console.WriteLine(number);
            Thread.Sleep(500);
        }
    }
}
