// Greets every name it is sent: one line in, one line out.
using System;
using System.Text;

static class Greeter
{
    static void Main()
    {
        // A program here has no locale that would tell the encoding.
        Console.InputEncoding = Console.OutputEncoding = new UTF8Encoding(false);

        string name;
        while ((name = Console.ReadLine()) != null)
        {
            Console.WriteLine($"Hello {name}!");
        }
    }
}
