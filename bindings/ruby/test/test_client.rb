# frozen_string_literal: true

require_relative "helper"

# What is Ruby's own in a client; the rest is in the conformance table.
class TestClient < Minitest::Test
  include Sandbox

  def test_a_result_tells_all
    result = client { |client| client.update(false, on_behalf_of: "subuser-00005") }
    assert_equal([false, 200, 1, nil], [result.enabled?, result.http_status, result.attempts, result.retry_after])
    assert_includes(0.0..10.0, result.elapsed)
    assert_predicate(result, :frozen?)
  end

  def test_every_option_is_taken
    options = {
      timeout: 5, connect_timeout: 2.5, max_retries: 1, max_connections: 2, requests_per_minute: 6000, user_agent: "tests/1"
    }
    assert_equal(200, client(**options, ca_file: Pathname(ENV.fetch("SANDBOX_CA_FILE"))) { |client| client.get.http_status })
  end

  def test_the_environment_serves_for_options
    [false, true].each do |enabled|
      assert_equal(enabled, SgOpenTracking.update(KEY, enabled, on_behalf_of: "subuser-00011"))
      assert_equal(enabled, SgOpenTracking.get(KEY, region: SgOpenTracking::Region::GLOBAL, on_behalf_of: "subuser-00011"))
    end
  end

  def test_a_client_has_no_second_owner
    client do |client|
      [-> { client.dup }, -> { client.clone }, -> { Marshal.dump(client) }].each do |copying|
        assert_match(/can't be/, assert_raises(TypeError, &copying).message)
      end
      assert_equal(200, client.get.http_status)
    end
  end

  def test_an_error_tells_all
    error = assert_raises(SgOpenTracking::RateLimited) do
      client(timeout: 0.5) { |client| client.get(on_behalf_of: "fault-status-429-retry-after-1") }
    end
    assert_kind_of(SgOpenTracking::ApiError, error)
    assert_equal([429, 1, 1.0, nil], [error.http_status, error.attempts, error.retry_after, error.enabled])
    assert_operator(error.elapsed, :>, 0)
    error = assert_raises(SgOpenTracking::NotApplied) { client { |client| client.update(false, on_behalf_of: "fault-not-applied") } }
    assert_equal(true, error.enabled)
  end

  def test_a_bad_key_is_refused_and_not_shown
    ["SG.secret \0", "SG.secret with a space", "SG.secret \xff", "SG.secret \xff".b].each do |key|
      [-> { SgOpenTracking::Client.new(key) }, -> { SgOpenTracking.get(key) }].each do |attempt|
        error = assert_raises(SgOpenTracking::ArgumentError, &attempt)
        assert_match(/\Akey must /, error.message)
        refute_includes(error.full_message, "secret")
        assert_nil(error.cause)
      end
    end
  end

  def test_text_of_another_encoding_is_converted
    assert_equal(200, client { |client| client.get(on_behalf_of: "subuser-00001".encode(Encoding::UTF_16LE)).http_status })
  end

  def test_an_option_that_is_refused_is_named_with_its_range
    [
      ["max_connections must be 1 to 1024", { max_connections: 1025 }],
      ["max_retries must be 0 to 4294967295", { max_retries: -1 }],
      ["timeout must be more than 0 and at most 4294967 seconds", { timeout: Float::NAN }],
      ["timeout must be more than 0 and at most 4294967 seconds", { timeout: -1 }]
    ].each do |message, options|
      assert_equal(message, assert_raises(SgOpenTracking::ArgumentError) { client(**options) }.message)
    end
  end

  def test_what_is_no_boolean_is_not_taken_for_true
    client do |client|
      ["off", 0, 1, nil].each { |enabled| assert_raises(TypeError) { client.update(enabled) } }
    end
    assert_raises(TypeError) { client(max_retries: 1.5) }
    assert_raises(TypeError) { SgOpenTracking::Client.new(nil) }
  end

  def test_inspect_shows_the_region_and_no_key
    client = client()
    assert_equal("#<SgOpenTracking::Client region=GLOBAL>", client.inspect)
    client.close
    assert_equal("#<SgOpenTracking::Client region=GLOBAL closed>", client.to_s)
    assert_raises(TypeError) { client.dup }
  end

  def test_the_block_closes_whatever_ends_it
    kept = nil
    assert_equal(:value, client { |client| kept = client; break :value })
    assert_predicate(kept, :closed?)
    assert_raises(IOError) { client { |client| kept = client; raise IOError } }
    assert_raises(SgOpenTracking::ClosedError) { kept.get }
    client { |client| client.derive(timeout: 1) { |derived| kept = derived } }
    assert_predicate(kept, :closed?)
  end

  def test_close_may_race_with_calls
    20.times do
      client = client()
      users = Array.new(4) do
        Thread.new do
          loop { client.get }
        rescue SgOpenTracking::ClosedError, SgOpenTracking::CancelledError
          :over
        end
      end
      client.get(on_behalf_of: "fault-delay-10")
      other = Thread.new { client.close }
      client.close
      other.join
      assert_equal([:over] * 4, users.map(&:value))
    end
  end

  def test_a_forgotten_client_is_freed
    out, error, = ruby("-I#{PACKAGE}/lib", "-e", <<~PROGRAM)
      require "sg_open_tracking"
      freed = 0
      counted = Module.new do
        define_method(:sg_client_free) do |client|
          freed += 1
          super(client)
        end
      end
      SgOpenTracking.send(:const_get, :Native).singleton_class.prepend(counted)
      100.times { SgOpenTracking::Client.new("SG.key") }
      GC.start
      puts freed > 50
    PROGRAM
    assert_equal(["true\n", ""], [out, error])
  end

  # The GVL: fiddle releases it, so other threads run during a call ...
  def test_other_threads_run_during_a_call
    counted = 0
    counter = Thread.new { loop { counted += 1 } }
    during = client do |client|
      client.get
      before = counted
      client.get(on_behalf_of: "fault-delay-300")
      counted - before
    end
    counter.kill
    assert_operator(during, :>, 100_000)
  end

  # ... but what would interrupt its own thread waits for its end, which cancel and close bring.
  def test_only_cancel_ends_a_call
    client do |client|
      caller = Thread.new { client.get(on_behalf_of: "fault-silent") }
      caller.report_on_exception = false
      client.derive { |other| other.get(on_behalf_of: "fault-delay-100") }
      caller.kill
      assert_nil(caller.join(0.2))
      assert_operator(seconds { client.cancel; caller.join }, :<, 5)
    end
  end

  def test_a_signal_handler_may_cancel
    client do |client|
      old = Signal.trap("USR1") { Thread.new { client.cancel } }
      caller = Thread.new { client.get(on_behalf_of: "fault-silent") }
      caller.report_on_exception = false
      client.derive { |other| other.get(on_behalf_of: "fault-delay-100") }
      Process.kill("USR1", Process.pid)
      assert_raises(SgOpenTracking::CancelledError) { caller.join }
    ensure
      Signal.trap("USR1", old)
    end
  end

  def test_fork
    client do |client|
      client.get
      child = fork { exit!(client.update(true).enabled? ? 0 : 1) }
      Process.wait(child)
      assert_predicate($?, :success?)
      assert_predicate(client.get, :enabled?)
    end
  end
end
