# frozen_string_literal: true

module SgOpenTracking
  # What became of one of many accounts: its number and its name, and a Result or else an OpenTrackingError. Frozen.
  Item = Struct.new(:index, :name, :result, :error, keyword_init: true)

  # What a native call reports by its callback, handed to a block in the thread that asked.
  #
  # The native call runs in a thread of its own, since no break, raise or throw of the block may pass through native
  # frames; a slow block slows it down.
  class Fleet
    # How many reports may wait to be read.
    AHEAD = 64

    # Those that a reader has left midway without an end, as Enumerator#next can: the program's end is theirs too.
    @running = {}.compare_by_identity
    class << self
      attr_reader :running
    end
    at_exit { running.keys.each(&:stop) }

    # `call` is handed a proc that takes a report and answers whether to go on; `client` is what it runs in.
    def initialize(client, call)
      @client = client
      @call = call
      @lock = Mutex.new
      @changed = ConditionVariable.new
      @reports = []
      @stopped = false
      @ended = false
      @error = nil
    end

    def each
      Fleet.running[self] = true
      thread = Thread.new { run }
      while (report = take)
        yield report
      end
      raise @error if @error
    ensure
      stop
      thread&.join
    end

    def stop
      @client.cancel
      change { @stopped = true }
    end

    private

    def change
      @lock.synchronize do
        yield.tap { @changed.broadcast }
      end
    end

    def take
      change do
        @changed.wait(@lock) while @reports.empty? && !@ended
        @reports.shift
      end
    end

    def run
      # Nothing may end this thread while native frames are below the callback's.
      Thread.handle_interrupt(Object => :never) do
        @call.call(@client, method(:report))
      rescue StandardError => error
        @error = error
      end
    ensure
      Fleet.running.delete(self)
      change { @ended = true }
    end

    def report(report)
      change do
        # The program's end waits for this thread, should its reader have gone, and is to be seen by this alone.
        until @reports.length < AHEAD || @stopped || (@stopped = Thread.current.pending_interrupt?)
          @changed.wait(@lock, 0.1)
        end
        @reports.push(report) unless @stopped
      end
      @client.cancel if @stopped
      !@stopped
    end
  end

  private_constant :Fleet
end
