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
    at_exit { running.keys.each(&:cancel) }

    # How many names are read before the first of them is begun.
    LOT = 1_000

    # Yields the names in lots, the last of them before what `names` raises.
    def self.lots(names)
      raise TypeError, "names must have an each, which #{names.class} has not" unless names.respond_to?(:each)

      lot = []
      begin
        names.each do |name|
          lot.push(name)
          next if lot.length < LOT

          full = lot
          lot = []
          yield full
        end
      rescue StandardError => error
        raise if lot.empty?
      end
      yield lot unless lot.empty?
      raise error if error
    end

    # `native` is handed the client of `handle`, which is then closed, and a proc that takes a report and answers whether
    # to go on.
    def initialize(handle, native)
      @handle = handle
      @native = native
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
      cancel
      @handle.close
      thread&.join
    end

    def cancel
      @handle.cancel
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
        @handle.in_use { |client| @native.call(client, method(:report)) }
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
      @handle.cancel if @stopped
      !@stopped
    end
  end

  private_constant :Fleet
end
