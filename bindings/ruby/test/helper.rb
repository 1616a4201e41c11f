# frozen_string_literal: true

require "minitest/autorun"
require "open3"
require "pathname"
require "rbconfig"
require "timeout"
require "tmpdir"
require_relative "../lib/sg_open_tracking"

PACKAGE = File.expand_path("..", __dir__)
KEY = ENV.fetch("SANDBOX_KEY")
NATIVE = SgOpenTracking.send(:const_get, :Native)

# The sandbox that tests/conformance/run.sh started, and programs beside the tests'.
module Sandbox
  def client(**options, &block)
    sandbox = { base_url: ENV.fetch("SANDBOX_URL"), ca_file: ENV.fetch("SANDBOX_CA_FILE"), proxy: "", max_retries: 0 }
    SgOpenTracking::Client.open(KEY, **sandbox, timeout: 10, **options, &block)
  end

  def ruby(*arguments, library: ENV.fetch("SG_OPEN_TRACKING_LIBRARY"))
    Open3.capture3({ "SG_OPEN_TRACKING_LIBRARY" => library }, RbConfig.ruby, "-w", *arguments)
  end

  def seconds
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC) - start
  end
end
