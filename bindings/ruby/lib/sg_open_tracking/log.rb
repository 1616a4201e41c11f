# frozen_string_literal: true

module SgOpenTracking
  # The library's log, which goes to a Logger, or what has its methods, in the thread that makes a call.
  module Log
    # A logger's methods, and `sg_log`.
    LEVELS = { debug: 4, info: 3, warn: 2, error: 1 }.freeze

    Line = Struct.new(:level, :text) do
      # What the logger raises is left out: the call goes on.
      def tell(logger)
        logger.public_send(LEVELS.key(level), text)
      rescue StandardError
        nil
      end
    end

    @lock = Mutex.new

    class << self
      # Has the logger told of what it takes now by the clients that are made with these options.
      def attach(config, logger)
        missing = LEVELS.each_key.reject { |name| logger.respond_to?(name) }
        raise TypeError, "logger must have the methods of a Logger, and has no #{missing.join(", ")}" unless missing.empty?

        _, level = LEVELS.find { |name, _| !logger.respond_to?("#{name}?") || logger.public_send("#{name}?") }
        Native.check(Native.sg_config_set_log(config, level, callback, 0), "logger was refused") if level
      end

      # What takes the lines of the native calls that this thread makes.
      def call=(call)
        Thread.current[:sg_open_tracking_call] = call
      end

      private

      # One for all, which the library may hold for ever: it is called in the thread of the call that the line is of.
      def callback
        @lock.synchronize do
          @callback ||= Native.pinned(Native::VOID, [Native::POINTER, Native::INT32, Native::POINTER]) do |_, level, text|
            Thread.current[:sg_open_tracking_call]&.report(Line.new(level, Native.text(text)))
          end
        end
        @callback.ref.to_i
      end
    end
  end

  private_constant :Log
end
