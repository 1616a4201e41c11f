# frozen_string_literal: true

module SgOpenTracking
  # A native client. It is freed once it was closed and the last call in it has ended.
  class Handle
    # Of the client that the block has written to the pointer it is given.
    def self.made(refusal)
      Native.room(Fiddle::SIZEOF_VOIDP) do |out|
        Native.check(yield(out), refusal)
        new(out.ptr.to_i)
      end
    end

    def initialize(pointer)
      @pointer = pointer
      @lock = Mutex.new
      @calls = 0
      @closed = false
    end

    # Yields the pointer, which is not freed meanwhile.
    def in_use
      entered = false
      @lock.synchronize do
        raise ClosedError, "the client is closed" if @closed

        @calls += 1
        entered = true
      end
      yield @pointer
    ensure
      leave if entered
    end

    def derive(milliseconds = 0)
      in_use do |origin|
        Handle.made("timeout was refused") { |out| Native.sg_client_derive(origin, milliseconds, out) }
      end
    end

    def cancel
      @lock.synchronize { Native.sg_client_cancel(@pointer) if @pointer }
    end

    # Cuts off the calls that are in it.
    def close
      @lock.synchronize do
        @closed = true
        Native.sg_client_cancel(@pointer) unless @calls.zero?
        free_if_unused
      end
    end

    def closed?
      @closed
    end

    # For a client that was only forgotten: nobody is in a call of it, and a finalizer may not wait for a lock.
    def finalizer
      proc do
        @closed = true
        free_if_unused
      end
    end

    private

    def leave
      @lock.synchronize do
        @calls -= 1
        free_if_unused
      end
    end

    def free_if_unused
      return unless @closed && @calls.zero? && @pointer

      Native.sg_client_free(@pointer)
      @pointer = nil
    end
  end

  # A native call that its caller can be torn out of. Nothing interrupts a thread that fiddle has in native code, so the
  # call runs in a thread of its own: what kills or interrupts the caller ends its wait for that, and so the call.
  class Call
    # It runs in `handle`, and closes that.
    def initialize(handle, native)
      @handle = handle
      @native = native
    end

    # The fields of the call's result.
    def value
      thread = Thread.new { run }
      thread.value || raise(OpenTrackingError.of(Code::CANCELLED, "the thread of the call was killed"))
    ensure
      @handle.close
      thread&.join
    end

    def cancel
      @handle.cancel
    end

    private

    def run
      @handle.in_use { |client| Native.result { |result| @native.call(client, result) } }
    rescue ClosedError
      nil # its caller was gone before it began
    end
  end

  private_constant :Handle, :Call
end
