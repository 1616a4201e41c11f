# frozen_string_literal: true

require_relative "lib/sg_open_tracking/version"

Gem::Specification.new do |spec|
  spec.name = "sg_open_tracking"
  spec.version = SgOpenTracking::VERSION
  spec.summary = "Switch SendGrid's open tracking on or off"
  spec.description = "A thin layer of fiddle over libsg_open_tracking: a client with a deadline, retries and cancelling."
  spec.authors = ["The libsg_open_tracking authors"]
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.0"
  spec.files = Dir["lib/**/*.rb", "sig/**/*.rbs", "README.md", "LICENSE*", base: __dir__]

  # With the library inside, the gem is for this platform; without it, for any.
  inside = Dir["lib/sg_open_tracking/*sg_open_tracking.{so.1,1.dylib,dll}", base: __dir__]
  unless inside.empty?
    spec.files += inside
    spec.platform = Gem::Platform.local
  end

  spec.homepage = "https://github.com/sg-open-tracking/sg-open-tracking"
  spec.metadata = {
    "source_code_uri" => "#{spec.homepage}/tree/main/bindings/ruby",
    "documentation_uri" => "#{spec.homepage}/blob/main/bindings/ruby/README.md",
    "changelog_uri" => "#{spec.homepage}/blob/main/CHANGELOG.md",
    "bug_tracker_uri" => "#{spec.homepage}/issues",
    "rubygems_mfa_required" => "true"
  }
end
