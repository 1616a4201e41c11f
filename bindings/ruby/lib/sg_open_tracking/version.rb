# frozen_string_literal: true

module SgOpenTracking
  VERSION = "1.1.0"
end
