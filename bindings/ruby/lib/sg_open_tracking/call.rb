# frozen_string_literal: true

module SgOpenTracking
  # A native call, with what it reports by its callbacks handed to the thread that asked.
  #
  # It runs in a thread of its own. Nothing interrupts a thread that fiddle has in native code, so it is the wait for that
  # thread which is killed or interrupted, and leaving the wait cuts the call off. Nor may a break, raise or throw of a
  # block pass through native frames. A slow block, or logger, slows the call down.
  class Call
    # How many reports may wait to be read.
    AHEAD = 64

    # A constant, because an interrupt may come as a hash is made.
    UNINTERRUPTED = { Object => :never }.freeze

    # Those that a reader has left midway without an end, as Enumerator#next can: the program's end is theirs too.
    @running = {}.compare_by_identity
    class << self
      attr_reader :running

      # A handler of the end may itself make calls: the one that they register comes right after it.
      def see_to_the_end
        return if @seen_to

        @seen_to = true
        at_exit do
          @seen_to = false
          running.keys.each(&:cancel)
        end
      end
    end
    see_to_the_end

    # `native` is handed a native client that is derived from that of `origin`, and a proc that takes a report and answers
    # whether to go on. `under_way` holds the call as a key meanwhile.
    def initialize(origin, logger, under_way, native)
      @origin = origin
      @logger = logger
      @under_way = under_way
      @native = native
      @reports = Queue.new # closed when there are no more
      @lock = Mutex.new
      @room = ConditionVariable.new
      @stopped = false
      @error = nil
    end

    # Yields the reports; returns what the native call does.
    def each
      @thread = uninterrupted { run }
      while (report = @reports.pop)
        wake
        report.is_a?(Log::Line) ? report.tell(@logger) : yield(report)
      end
      over = true
      raise @error if @error

      @value
    ensure
      # The first thing that is called here, as an interrupt may come when anything was.
      uninterrupted { cancel }.join unless over
      @thread&.join
    end

    def cancel
      @stopped = true
      @handle&.cancel
      wake
    end

    # Called in the thread of the native call.
    def report(report)
      @lock.synchronize do
        # The program's end waits for this thread, should its reader have gone, and is to be seen by this alone.
        until @reports.length < AHEAD || @stopped || (@stopped = Thread.current.pending_interrupt?)
          @room.wait(@lock, 0.1)
        end
      end
      @reports.push(report) if !@stopped || report.is_a?(Log::Line) # how a call that was cut off ends is told
      @handle.cancel if @stopped
      !@stopped
    end

    private

    # Runs the block in a thread of its own, for what must not be left undone, and because native frames are below a
    # callback's: a signal interrupts the main thread whatever it puts off.
    def uninterrupted(&block)
      Thread.handle_interrupt(UNINTERRUPTED) { Thread.new(&block) }
    end

    def wake
      @lock.synchronize { @room.signal }
    end

    def run
      Log.call = self
      Call.see_to_the_end
      Call.running[self] = @under_way[self] = true
      @handle = @origin.derive
      cancel if @stopped || @origin.cancelled?
      @value = @handle.in_use { |client| @native.call(client, method(:report)) }
    rescue StandardError => error
      @error = error
    ensure
      @handle&.close
      Call.running.delete(self)
      @under_way.delete(self)
      @reports.close
    end
  end

  private_constant :Call
end
