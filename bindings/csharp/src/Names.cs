using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.ExceptionServices;

namespace SgOpenTracking
{
    /// <summary>Consecutive names of a call for many.</summary>
    internal sealed class Names
    {
        /// <summary>Enough for the ends of lots, where connections wait for the last, to weigh nothing.</summary>
        internal const int Lot = 1000;

        internal readonly int First;
        internal readonly List<string> Given = new List<string>();
        internal readonly List<byte[]> Texts = new List<byte[]>();

        private Names(int first)
        {
            First = first;
        }

        /// <summary>Lots that are read one by one: an endless sequence is never held whole. A collection is copied, and
        /// refused at once for any name that can't be; others are read later.</summary>
        internal static IEnumerable<Names> Lots(IEnumerable<string> names)
        {
            if (names == null)
            {
                throw new ArgumentNullException(nameof(names));
            }
            if (names is ICollection<string> || names is IReadOnlyCollection<string>)
            {
                var copy = names.ToArray();
                Array.ForEach(copy, name => Arguments.Text("name", name));
                return Read(copy);
            }
            return Read(names);
        }

        /// <summary>What the sequence throws comes after the lot of the names that it gave before.</summary>
        private static IEnumerable<Names> Read(IEnumerable<string> names)
        {
            var first = 0;
            using (var given = names.GetEnumerator())
            {
                while (true)
                {
                    var lot = new Names(first);
                    ExceptionDispatchInfo error = null;
                    try
                    {
                        while (lot.Given.Count < Lot && given.MoveNext())
                        {
                            lot.Texts.Add(Arguments.Text("name", given.Current));
                            lot.Given.Add(given.Current);
                        }
                    }
                    catch (Exception thrown)
                    {
                        error = ExceptionDispatchInfo.Capture(thrown);
                        if (lot.Texts.Count > lot.Given.Count)
                        {
                            lot.Texts.RemoveAt(lot.Given.Count);
                        }
                    }
                    if (lot.Given.Count > 0)
                    {
                        first += lot.Given.Count;
                        yield return lot;
                    }
                    error?.Throw();
                    if (lot.Given.Count < Lot)
                    {
                        yield break;
                    }
                }
            }
        }
    }
}
