# frozen_string_literal: true

module SgOpenTracking
  VERSION = "0.1.0"
end
