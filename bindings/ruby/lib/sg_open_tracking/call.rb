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

    # Those that a reader has left midway without an end, as Enumerator#next can: the program's end is theirs too.
    @running = {}.compare_by_identity
    class << self
      attr_reader :running
    end
    at_exit { running.keys.each(&:cancel) }

    # `native` is handed the client of `handle`, which is then closed, and a proc that takes a report and answers whether
    # to go on.
    def initialize(handle, logger, native)
      @handle = handle
      @logger = logger
      @native = native
      @reports = Queue.new # closed when there are no more
      @lock = Mutex.new
      @room = ConditionVariable.new
      @stopped = false
      @error = nil
    end

    # Yields the reports; returns what the native call does.
    def each
      Call.running[self] = true
      # Nothing may end the thread while native frames are below a callback's.
      thread = Thread.handle_interrupt(Object => :never) { Thread.new { run } }
      while (report = @reports.pop)
        wake
        report.is_a?(Log::Line) ? report.tell(@logger) : yield(report)
      end
      raise @error if @error

      @value
    ensure
      stop
      @handle.close
      thread&.join
    end

    def cancel
      @handle.cancel
      stop
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

    def stop
      @stopped = true
      wake
    end

    def wake
      @lock.synchronize { @room.signal }
    end

    def run
      Log.call = self
      @value = @handle.in_use { |client| @native.call(client, method(:report)) }
    rescue StandardError => error
      @error = error
    ensure
      Call.running.delete(self)
      @reports.close
    end
  end

  private_constant :Call
end
