#include "api/stream.hpp"

#include "api/api.hpp"
#include "api/parameters.hpp"
#include "push/hub.hpp"

#include <fmt/format.h>

#include <memory>

namespace millrace {
namespace {

/// Ties a hub's Subscriber to a transport: takes frames whenever the transport has nothing left to write.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  explicit Feed(std::shared_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  void open(Hub& hub, StreamRequest request) {
    std::weak_ptr<Feed> weak = shared_from_this();
    std::weak_ptr<net::Stream> transport = stream_;
    auto subscriber = hub.subscribe(std::move(request), [weak, transport] {
      if (const auto stream = transport.lock()) {
        stream->post([weak] {
          if (const auto feed = weak.lock()) feed->pump();
        });
      }
    });
    if (!subscriber) {
      stream_->close(1008, subscriber.error().message);
      return;
    }
    subscriber_ = *std::move(subscriber);
    // The stream owns the feed; its end releases the subscription.
    stream_->on_idle([self = shared_from_this()] { self->pump(); });
    stream_->on_end([weak] {
      if (const auto feed = weak.lock()) feed->end();
    });
    pump();
  }

 private:
  void pump() {
    if (!subscriber_ || !stream_->idle()) return;
    for (Frame& frame : subscriber_->take()) stream_->send(std::move(frame.json), frame.id);
  }
  void end() {
    subscriber_.reset();
    stream_->on_idle({});
  }

  std::shared_ptr<net::Stream> stream_;
  std::unique_ptr<Subscriber> subscriber_;
};

}  // namespace

Result<StreamRequest> read_stream_request(const net::Request& request, std::size_t topic_limit) {
  Parameters parameters(request);
  StreamRequest wanted;
  const auto names = parameters.all("name");
  const auto sources = parameters.all("source");
  const auto windows = parameters.all("window");
  if (names.empty()) parameters.mistake({ErrorCode::invalid_argument, "parameter 'name' is missing: name=METRIC"});
  if (names.size() > topic_limit) {
    parameters.mistake(
        {ErrorCode::invalid_argument, fmt::format("{} names, at most {} a stream", names.size(), topic_limit)});
  }
  if (sources.size() > names.size() || windows.size() > names.size()) {
    parameters.mistake(
        {ErrorCode::invalid_argument, "'source' and 'window' pair with 'name' by position: there are more of them"});
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    StreamTopic topic{names[i], std::nullopt, false};
    if (names[i].empty()) parameters.mistake({ErrorCode::invalid_argument, "parameter 'name' is empty"});
    if (i < sources.size() && !sources[i].empty()) topic.source = sources[i];
    if (i < windows.size() && !windows[i].empty() && windows[i] != "10s") {
      topic.sliding_minute = windows[i] == "1m";
      if (!topic.sliding_minute) {
        parameters.mistake(
            {ErrorCode::invalid_argument,
             fmt::format("window '{}' is not valid: write 1m (sliding minute) or 10s (bucket)", windows[i])});
      }
    }
    wanted.topics.push_back(std::move(topic));
  }
  wanted.points = parameters.whole("points", 60, 1, 1'000);
  const auto format = parameters.text("format");
  if (format && *format != "plain" && *format != "full") {
    parameters.mistake(
        {ErrorCode::invalid_argument, fmt::format("format '{}' is not valid: write plain or full", *format)});
  }
  wanted.plain = format == "plain";
  wanted.since = parameters.text("since");
  if (const auto last = request.header("last-event-id"); !last.empty()) wanted.since = std::string(last);
  if (auto mistake = parameters.finish()) return fail(*std::move(mistake));
  return wanted;
}

void Api::add_stream_routes() {
  add(net::Method::get, "/metrics/stream", Scope::read, [this](Call call) {
    auto wanted = read_stream_request(call.request, options_.topics);
    if (!wanted) return call.responder->send(to_response(wanted.error()));
    const auto opened = [this, request = *std::move(wanted)](const std::shared_ptr<net::Stream>& stream) {
      std::make_shared<Feed>(stream)->open(parts_.hub, request);
    };
    if (call.request.websocket) {
      call.responder->accept_websocket("", opened);
    } else {
      call.responder->stream_events(opened);
    }
  });
}

}  // namespace millrace
