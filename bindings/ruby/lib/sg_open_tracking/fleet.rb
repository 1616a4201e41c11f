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
      @reports = SizedQueue.new(AHEAD)
      @error = nil
    end

    def each
      Fleet.running[self] = true
      thread = Thread.new { run }
      while (report = @reports.pop)
        yield report
      end
      raise @error if @error
    ensure
      stop
      thread&.join
      Fleet.running.delete(self)
    end

    def stop
      @client.cancel
      @reports.close
    end

    private

    def run
      # Nothing may end this thread while native frames are below the callback's.
      Thread.handle_interrupt(Object => :never) do
        @call.call(@client, method(:report))
      rescue StandardError => error
        @error = error
      end
    ensure
      @reports.close
    end

    def report(report)
      @reports.push(report)
      true
    rescue ClosedQueueError
      false
    end
  end

  private_constant :Fleet
end
