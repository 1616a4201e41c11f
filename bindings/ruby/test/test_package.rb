# frozen_string_literal: true

require_relative "helper"

# The package: in step with the library, found and refused as its README says.
class TestPackage < Minitest::Test
  include Sandbox

  HEADER = File.read(ENV.fetch("CONFORMANCE_HEADER"))

  def test_every_function_of_the_header_is_declared
    assert_equal(HEADER.scan(/^(?:[a-z].*[ *])?(sg_\w+)\(/).flatten.sort, NATIVE::SIGNATURES.keys.map(&:to_s).sort)
  end

  def test_every_code_has_its_class
    SgOpenTracking::Code.constants.each do |name|
      code = SgOpenTracking::Code.const_get(name)
      error = SgOpenTracking::OpenTrackingError.of(code, "text")
      assert_equal(code, error.code)
      refute_instance_of(SgOpenTracking::OpenTrackingError, error, name) unless %i[OK PARTIAL].include?(name)
    end
    assert_equal(99, SgOpenTracking::OpenTrackingError.of(99, "text").code)
  end

  # A name that shadowed one of Ruby's would be taken for it inside the module, and where the module is included.
  def test_no_name_shadows_rubys_and_errors_end_alike
    SgOpenTracking.constants.each do |name|
      own = SgOpenTracking.const_get(name)
      assert_operator(own, :<=, Object.const_get(name), name) if Object.const_defined?(name)
      assert(name.end_with?("Error"), name) if own.is_a?(Class) && own <= Exception
    end
    refute(SgOpenTracking.const_defined?(:TimeoutError, false))
  end

  def test_layout
    bytes = [1, 2, 1, 3, 4, 5].pack("llCx3Lqq") + "six".ljust(480, "\0")
    assert_equal(NATIVE::RESULT_SIZE, bytes.bytesize)
    assert_equal([1, 2, 1, 3, 4, 5, "six"], bytes.unpack(NATIVE::RESULT_LAYOUT))
  end

  def test_versions
    version = File.read("#{PACKAGE}/../../Cargo.toml")[/^version = "(.+)"/, 1]
    assert_equal([version, version], [SgOpenTracking::VERSION, SgOpenTracking.library_version])
    specification = Gem::Specification.load("#{PACKAGE}/sg_open_tracking.gemspec")
    assert_equal(version, specification.version.to_s)
  end

  def test_the_gem_builds_without_a_warning_and_installs_into_a_directory_of_its_own
    Dir.mktmpdir do |directory|
      file = "#{directory}/built.gem"
      out = run_gem("build", "--strict", "--output", file, "sg_open_tracking.gemspec")
      refute_includes(out, "WARNING")
      run_gem("install", "--local", "--no-document", "--install-dir", directory, file)
      installed = "#{directory}/gems/sg_open_tracking-#{SgOpenTracking::VERSION}"
      assert_path_exists("#{installed}/sig/sg_open_tracking.rbs")
      out, error, = ruby("-r#{installed}/lib/sg_open_tracking", "-e", PRINT)
      assert_equal(["#{SgOpenTracking.library_version}\n", ""], [out, error])
    end
  end

  def test_the_types_are_valid_and_hold
    rbs = [RbConfig.ruby, Gem.bin_path("rbs", "rbs"), "-r", "pathname", "-I", "#{PACKAGE}/sig"]
    out, status = Open3.capture2e(*rbs, "validate", "--silent")
    assert(status.success?, out)
    options = {
      "RBS_TEST_TARGET" => "SgOpenTracking::*", "RBS_TEST_OPT" => "-r pathname -I #{PACKAGE}/sig",
      "RBS_TEST_RAISE" => "true", "RBS_TEST_LOGLEVEL" => "error"
    }
    out, = Open3.capture2e(options, RbConfig.ruby, "-r", "rbs/test/setup", "#{__dir__}/types.rb")
    assert_equal("done\n", out)
  end

  def test_a_library_of_another_version_is_refused
    %w[1.2.0 1.2.7 1.3.0 1.10.0].each { |fits| NATIVE.check_version("path", fits, [1, 2]) }
    %w[0.2.0 1.1.9 2.0.0 2.2.0 10.2.0].each do |does_not|
      error = assert_raises(LoadError) { NATIVE.check_version("path", does_not, [1, 2]) }
      needs = "path is libsg_open_tracking #{does_not}, and this package needs 1.2 or a later 1.x: "
      assert(error.message.start_with?(needs), error.message)
    end
  end

  PRINT = "puts SgOpenTracking.library_version"

  def test_a_missing_library_says_where_it_was_looked_for
    _, error, = ruby("-r#{PACKAGE}/lib/sg_open_tracking", "-e", PRINT, library: "/nowhere/library.so")
    assert_match(/libsg_open_tracking was not found.*LoadError/, error)
    assert_includes(error, "/nowhere/library.so")
  end

  def test_another_library_is_refused
    _, error, = ruby("-r#{PACKAGE}/lib/sg_open_tracking", "-e", PRINT, library: "libc.so.6")
    assert_match(/libc.so.6 is not the libsg_open_tracking that was meant/, error)
  end

  def test_a_library_beside_the_package_is_found
    Dir.mktmpdir do |directory|
      FileUtils.cp_r("#{PACKAGE}/lib", directory)
      FileUtils.cp(ENV.fetch("SG_OPEN_TRACKING_LIBRARY"), "#{directory}/lib/sg_open_tracking/libsg_open_tracking.so")
      out, error, = ruby("-r#{directory}/lib/sg_open_tracking", "-e", PRINT, library: nil)
      assert_equal(["#{SgOpenTracking.library_version}\n", ""], [out, error])
    end
  end

  def test_the_readmes_snippets_run
    snippets = File.read("#{PACKAGE}/README.md").scan(/^```ruby\n(.+?)^```/m).flatten
    assert_equal(4, snippets.length)
    snippets.each do |snippet|
      out, error, = ruby("-I#{PACKAGE}/lib", "-e", snippet)
      assert_equal(["open tracking is off\n", ""], [out, error])
    end
  end

  private

  def run_gem(*arguments)
    out, status = Open3.capture2e(RbConfig.ruby, "-S", "gem", *arguments, chdir: PACKAGE)
    assert_predicate(status, :success?, out)
    out
  end
end
