using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

/// <summary>Reads JSON into dictionaries, lists, texts, numbers (double), booleans and null: what Mono and CoreCLR have for
/// it, neither has in the other's place. It trusts its input, which is the project's own.</summary>
internal sealed class Json
{
    private readonly string text;
    private int at;

    private Json(string text)
    {
        this.text = text;
    }

    internal static object Read(string text)
    {
        return new Json(text).Value();
    }

    private char Next()
    {
        while (char.IsWhiteSpace(text[at]))
        {
            at++;
        }
        return text[at];
    }

    /// <summary>Skips a sign if it is next.</summary>
    private bool Skip(char sign)
    {
        var found = Next() == sign;
        at += found ? 1 : 0;
        return found;
    }

    private object Value()
    {
        switch (Next())
        {
            case '{':
                return Object();
            case '[':
                return Array();
            case '"':
                return Text();
            default:
                return Word();
        }
    }

    private object Object()
    {
        var members = new Dictionary<string, object>();
        Skip('{');
        while (!Skip('}'))
        {
            Next();
            var name = Text();
            Skip(':');
            members.Add(name, Value());
            Skip(',');
        }
        return members;
    }

    private object Array()
    {
        var items = new List<object>();
        Skip('[');
        while (!Skip(']'))
        {
            items.Add(Value());
            Skip(',');
        }
        return items;
    }

    private string Text()
    {
        var read = new StringBuilder();
        for (at++; text[at] != '"'; at++)
        {
            if (text[at] != '\\')
            {
                read.Append(text[at]);
                continue;
            }
            at++;
            if (text[at] == 'u')
            {
                read.Append((char)int.Parse(text.Substring(at + 1, 4), NumberStyles.HexNumber));
                at += 4;
            }
            else
            {
                var escaped = "nrtbf".IndexOf(text[at]);
                read.Append(escaped < 0 ? text[at] : "\n\r\t\b\f"[escaped]);
            }
        }
        at++;
        return read.ToString();
    }

    private object Word()
    {
        var start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || "+-.".IndexOf(text[at]) >= 0))
        {
            at++;
        }
        var word = text.Substring(start, at - start);
        switch (word)
        {
            case "true": return true;
            case "false": return false;
            case "null": return null;
            default: return double.Parse(word, CultureInfo.InvariantCulture);
        }
    }
}
