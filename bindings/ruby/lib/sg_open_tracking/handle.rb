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
      @cancelled = false
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
      @cancelled = true
      @lock.synchronize { Native.sg_client_cancel(@pointer) if @pointer }
    end

    def cancelled?
      @cancelled
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

      pointer = @pointer
      @pointer = nil # first: an interrupt may come as the function returns
      Native.sg_client_free(pointer)
    end
  end

  private_constant :Handle
end
