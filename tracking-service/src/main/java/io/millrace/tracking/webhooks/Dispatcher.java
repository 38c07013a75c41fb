package io.millrace.tracking.webhooks;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.Listening;
import io.millrace.tracking.flows.History;
import io.millrace.tracking.webhooks.Deliveries.Claimed;
import io.millrace.tracking.webhooks.outbound.Exchange;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Lazy;
import org.springframework.stereotype.Component;

/**
 * Works the queue off: makes deliveries of new events, takes those that are due and attempts each
 * on a thread of its own. Every replica runs one; they share the queue by locks and leases. What a
 * killed process had taken is taken again when its lease is over, so a receiver gets it at least
 * once.
 */
@Component
@Lazy(false)
class Dispatcher implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

  /** Time for writing the result down, on top of that for the call. */
  private static final Duration MARGIN = Duration.ofSeconds(15);

  private static final Duration LAST_CALLS = Duration.ofSeconds(5);

  private record Job(Webhook webhook, Claimed claimed) {}

  private final Database database;
  private final History history;
  private final FanOut fanOut;
  private final Webhooks webhooks;
  private final Deliveries deliveries;
  private final Courier courier;
  private final WebhookEvents events;
  private final WebhookSettings settings;
  private final Clock clock;
  private final MeterRegistry meters;
  private final Semaphore wakes = new Semaphore(0);
  private final Semaphore slots;
  private volatile @Nullable Thread thread;
  private volatile boolean stopped = true;
  private @Nullable Listening listening;

  Dispatcher(
      Database database,
      History history,
      FanOut fanOut,
      Webhooks webhooks,
      Deliveries deliveries,
      Courier courier,
      WebhookEvents events,
      WebhookSettings settings,
      Clock clock,
      MeterRegistry meters) {
    this.database = database;
    this.history = history;
    this.fanOut = fanOut;
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.courier = courier;
    this.events = events;
    this.settings = settings;
    this.clock = clock;
    this.meters = meters;
    this.slots = new Semaphore(settings.concurrency());
  }

  /** Says that there may be something to do. */
  void wake() {
    wakes.release();
  }

  @Override
  public void start() {
    if (thread == null) {
      stopped = false;
      listening = database.listen(history.channel(), payload -> wake());
      thread = Thread.ofVirtual().name("webhook-dispatcher").start(this::run);
    }
  }

  /** Calls under way get a little time; what is not done by then is somebody else's later. */
  @Override
  public void stop() {
    Thread running = thread;
    thread = null;
    stopped = true;
    if (listening != null) {
      listening.close();
    }
    if (running == null) {
      return;
    }
    wake();
    try {
      running.join(LAST_CALLS);
      if (slots.tryAcquire(settings.concurrency(), LAST_CALLS.toMillis(), TimeUnit.MILLISECONDS)) {
        slots.release(settings.concurrency());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return thread != null;
  }

  private void run() {
    while (!stopped) {
      // Whatever is wrong with new events, those that wait are attempted.
      boolean more = tried(fanOut::next);
      tried(this::attemptDue);
      try {
        if (!more && !stopped) {
          wakes.tryAcquire(settings.poll().toMillis(), TimeUnit.MILLISECONDS);
        }
      } catch (InterruptedException interrupted) {
        return;
      }
      wakes.drainPermits();
    }
  }

  private static boolean tried(BooleanSupplier step) {
    try {
      return step.getAsBoolean();
    } catch (DatabaseUnavailable later) {
      log.debug("the webhooks' queue waits: {}", later.getMessage());
    } catch (RuntimeException failure) {
      log.error("the webhooks' queue waits", failure);
    }
    return false;
  }

  /** Starts what is due, as far as there is room; each that ends wakes for the next. */
  private boolean attemptDue() {
    int room = slots.availablePermits();
    if (room == 0) {
      return false;
    }
    List<Job> jobs =
        database.inTransaction(
            tx -> {
              List<Webhook> callable = webhooks.withDue(tx, room);
              if (callable.isEmpty()) {
                return List.of();
              }
              var byId =
                  callable.stream().collect(Collectors.toMap(Webhook::id, Function.identity()));
              List<Job> claimed = new ArrayList<>();
              for (Claimed taken :
                  deliveries.claim(tx, callable, settings, settings.timeout().plus(MARGIN), room)) {
                Webhook webhook = byId.get(taken.webhookId());
                if (webhook != null) {
                  claimed.add(new Job(webhook, taken));
                }
              }
              return claimed;
            });
    for (Job job : jobs) {
      slots.acquireUninterruptibly();
      Thread.ofVirtual().name("webhook-" + job.claimed().id()).start(() -> attempt(job));
    }
    return false;
  }

  private void attempt(Job job) {
    try {
      Exchange exchange =
          courier.bring(job.webhook(), job.claimed().messageId(), job.claimed().body());
      settle(job.claimed(), exchange);
    } catch (DatabaseUnavailable later) {
      log.warn(
          "delivery {} is made again, its result is not written down: {}",
          job.claimed().id(),
          later.getMessage());
    } catch (RuntimeException failure) {
      log.error("delivery {} is made again", job.claimed().id(), failure);
    } finally {
      slots.release();
      wake();
    }
  }

  private void settle(Claimed claimed, Exchange exchange) {
    double chance = ThreadLocalRandom.current().nextDouble();
    Verdict verdict =
        database.inTransaction(
            tx -> {
              Instant now = clock.instant();
              Verdict decided = Verdict.of(exchange, claimed.attempt(), settings, now, chance);
              Webhook before = webhooks.locked(tx, claimed.webhookId()).orElse(null);
              if (!deliveries.settle(tx, claimed, exchange, decided, now) || before == null) {
                return decided;
              }
              Webhook after = standing(before, exchange, decided, now);
              if (!after.equals(before)) {
                webhooks.save(tx, after);
                if (before.active() && !after.active()) {
                  events.disabled(tx, after, now);
                }
              }
              return decided;
            });
    meters
        .timer("millrace.webhooks.attempt", "outcome", outcome(verdict))
        .record(exchange.latency());
  }

  private Webhook standing(Webhook before, Exchange exchange, Verdict verdict, Instant now) {
    return switch (verdict) {
      case Verdict.Delivered delivered ->
          before.failures() == 0 && before.pausedUntil() == null ? before : before.succeeded();
      case Verdict.Gone gone ->
          before.disabled("the receiver answered 410: it wants nothing more", now);
      case Verdict.Again again -> failed(before, exchange, now);
      case Verdict.GivenUp givenUp -> failed(before, exchange, now);
    };
  }

  private Webhook failed(Webhook before, Exchange exchange, Instant now) {
    Webhook failed = before.failed(now, exchange.retryAfter());
    Instant since = failed.failingSince();
    return since != null && since.plus(settings.disableAfter()).isBefore(now)
        ? failed.disabled(
            "nothing has succeeded since %s; the last time %s".formatted(since, exchange.words()),
            now)
        : failed;
  }

  private static String outcome(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Delivered delivered -> "delivered";
      case Verdict.Again again -> "retried";
      case Verdict.GivenUp givenUp -> "given-up";
      case Verdict.Gone gone -> "gone";
    };
  }
}
