// Runs Verify.cs over the cases on standard input, one a line; prints 1 or 0 for each.
using System;
using System.Linq;
using System.Text;

public static class Harness
{
    public static void Main()
    {
        for (var line = Console.ReadLine(); line != null; line = Console.ReadLine())
        {
            var cells = line.Split('\t').Select(Convert.FromBase64String).ToArray();
            var text = cells.Select(Encoding.UTF8.GetString).ToArray();
            var good = OffhookWebhook.Verify(text[0].Split(' '), text[1], text[2], text[3], text[4],
                cells[5], DateTimeOffset.FromUnixTimeSeconds(long.Parse(text[6])));
            Console.WriteLine(good ? 1 : 0);
        }
    }
}
