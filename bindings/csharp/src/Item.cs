namespace SgOpenTracking
{
    /// <summary>What became of one account of <see cref="Client.UpdateMany"/> or <see cref="Client.GetMany"/>.
    /// Immutable.</summary>
    public sealed class Item
    {
        internal Item(int index, string name, Native.SgResult result)
        {
            Index = index;
            Name = name;
            if (result.Code == (int)Code.Ok)
            {
                Result = new Result(result);
            }
            else
            {
                Error = OpenTrackingException.Of(result);
            }
        }

        /// <summary>The number of the name among those that were given, from 0.</summary>
        public int Index { get; }

        /// <summary>The name.</summary>
        public string Name { get; }

        /// <summary>Null if it failed.</summary>
        public Result? Result { get; }

        /// <summary>Why it failed; null if it did not.</summary>
        public OpenTrackingException? Error { get; }
    }
}
