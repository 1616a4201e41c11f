# frozen_string_literal: true

require "logger"
require "stringio"
require_relative "helper"

# What a logger is told. The lines themselves are in the conformance table, and in docs/logging.md.
class TestLog < Minitest::Test
  include Sandbox

  # Keeps what it is told, and by which thread.
  class Recorder
    attr_reader :lines, :threads

    def initialize
      @lines = []
      @threads = []
    end

    %i[debug info warn error].each do |level|
      define_method(level) do |line|
        @threads.push(Thread.current)
        @lines.push([level, line[/\Aevent=(\w+) level=#{level} call=\d+/, 1], line])
      end
    end

    def events
      @lines.map { |_, event,| event }
    end
  end

  def written(level)
    out = StringIO.new
    logger = Logger.new(out, level: level)
    client(logger: logger, max_retries: 1) do |client|
      client.get(on_behalf_of: "fault-once-503-#{level}")
      assert_raises(SgOpenTracking::NotFoundError) { client.get(on_behalf_of: "nobody") }
    end
    out.string.scan(/ ([A-Z]+) -- : event=(\w+)/)
  end

  def test_the_loggers_level_is_asked
    warn = [%w[WARN retry], %w[ERROR end]]
    info = [%w[WARN retry], %w[INFO end], %w[ERROR end]]
    assert_equal([[], [%w[ERROR end]], warn, info], %i[fatal error warn info].map { |level| written(level) })
    assert_includes(written(:debug), %w[DEBUG sent])
  end

  def test_the_thread_of_a_call_tells_the_logger
    recorder = Recorder.new
    client(logger: recorder) do |client|
      client.update(true)
      assert_equal([:info, "end"], recorder.lines.last.first(2))
      client.derive { |derived| derived.get(on_behalf_of: "subuser-00002") }
      assert_includes(recorder.lines.last.last, " on_behalf_of=subuser-00002 ")
      items = client.get_many(%w[subuser-00001 nobody]).to_a
      assert_equal(2, items.length)
      client.list_subusers.first
    end
    assert_operator(recorder.events.count("end"), :>=, 4)
    refute_includes(recorder.events, nil)
    client.get_many(["subuser-00001"]) { nil }
    assert_equal([Thread.current], recorder.threads.uniq)
  end

  def test_lines_come_while_a_call_is_under_way
    recorder = Recorder.new
    client(logger: recorder, timeout: 30) do |client|
      caller = Thread.new { client.get(on_behalf_of: "fault-silent") }
      caller.report_on_exception = false
      Thread.pass until recorder.events.include?("sent")
      refute_includes(recorder.events, "end")
      client.cancel
      assert_raises(SgOpenTracking::CancelledError) { caller.join }
    end
    assert_match(/event=end level=error .* code=SG_ERR_CANCELLED/, recorder.lines.last.last)
  end

  def test_a_logger_that_raises_disturbs_no_call
    raising = Class.new(Recorder) do
      def debug(line)
        super
        raise IOError, "the disk is full"
      end
    end.new
    client(logger: raising) do |client|
      assert_equal(200, client.get.http_status)
      assert_equal([200, 200], client.get_many(%w[subuser-00001 subuser-00002]).map { |item| item.result.http_status })
    end
    assert_includes(raising.events, "end")
  end

  def test_the_key_is_in_no_line
    recorder = Recorder.new
    client(logger: recorder, max_retries: 1) do |client|
      assert_raises(SgOpenTracking::ForbiddenError) { client.get(on_behalf_of: "fault-echo-key") }
    end
    assert_raises(SgOpenTracking::ForbiddenError) do
      SgOpenTracking.get(KEY, on_behalf_of: "fault-echo-key", logger: recorder)
    end
    assert_equal(2, recorder.events.count("end"))
    refute_includes(recorder.lines.join, KEY)
  end

  def test_what_is_no_logger_is_refused
    error = assert_raises(TypeError) { client(logger: $stderr) }
    assert_equal("logger must have the methods of a Logger, and has no debug, info, warn, error", error.message)
  end
end
