#include "bus/in_process_bus.hpp"

#include "bus/bus_suite.hpp"

namespace millrace {
namespace {

struct InProcess {
  InProcessBus one;
  Bus& bus() { return one; }
  void settle() {}
};

INSTANTIATE_TYPED_TEST_SUITE_P(InProcess, BusSuite, InProcess);

TEST(InProcessBus, LetsACallbackEndItsOwnSubscription) {
  InProcessBus bus;
  int seen = 0;
  std::uint64_t id = 0;
  id = bus.subscribe({"cpu", {}}, [&](const Update&) {
    ++seen;
    bus.unsubscribe(id);
  });
  Update update;
  update.topic = std::make_shared<const Topic>(Topic{"cpu", {}});
  bus.publish(update);
  bus.publish(update);
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace millrace
