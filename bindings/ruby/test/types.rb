# frozen_string_literal: true

# Calls what is public, while rbs holds each argument and value against sig/. test_package.rb runs it.

require "logger"
require "set"
require_relative "../lib/sg_open_tracking"

key = ENV.fetch("SENDGRID_API_KEY")

SgOpenTracking::Client.open(key, region: :global, timeout: 10, connect_timeout: 2.5, proxy: nil) do |client|
  result = client.update(false, on_behalf_of: :"subuser-00001")
  [result.enabled, result.enabled?, result.http_status, result.attempts, result.retry_after, result.elapsed]
  client.get(on_behalf_of: "subuser-00001")
  client.get_many(Set["nobody", :"subuser-00001"]) { |item| [item.index, item.name, item.result, item.error] }
  client.get_many(["subuser-00001"].each.lazy).first
  client.update_many(true, ["subuser-00001"]) { |item| item.error && raise(item.error) }
  client.update_many(true, ["subuser-00001"]).first
  client.list_subusers { |name| break name }
  client.list_subusers.first
  client.derive(timeout: 1) { |derived| [derived.closed?, derived.inspect, derived.to_s, derived.cancel] }
  client.derive.close
end

SgOpenTracking::Client.open(key, logger: Logger.new(File::NULL)).close
SgOpenTracking.update(key, true, region: SgOpenTracking::Region::GLOBAL)
SgOpenTracking.library_version
begin
  SgOpenTracking.get("SG.wrong", on_behalf_of: nil, timeout: 5r)
rescue SgOpenTracking::UnauthorizedError => error
  [error.code, error.http_status, error.attempts, error.retry_after, error.elapsed, error.enabled]
end

loader = RBS::EnvironmentLoader.new
loader.add(library: "pathname", version: nil)
loader.add(path: Pathname(__dir__) / "../sig")
builder = RBS::DefinitionBuilder.new(env: RBS::Environment.from_loader(loader).resolve_type_names)
namespace = RBS::Namespace.parse("::SgOpenTracking")
SgOpenTracking.constants.map { |name| SgOpenTracking.const_get(name) }.grep(Class).each do |type|
  typed = builder.build_instance(RBS::TypeName.new(name: type.name.split("::").last.to_sym, namespace: namespace)).methods
  untyped = type.public_instance_methods(false).reject { |name| name.match?(/=\z|RBS_TEST/) || typed.key?(name) }
  raise "without a type: #{type}: #{untyped.join(", ")}" unless untyped.empty?
end

puts "done"
