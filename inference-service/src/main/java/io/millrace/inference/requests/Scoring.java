package io.millrace.inference.requests;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.inference.models.ModelTable;
import io.millrace.inference.models.NotServed;
import io.millrace.inference.models.ServedModel;
import io.millrace.inference.predictions.Prediction;
import io.millrace.inference.predictions.PredictionLog;
import io.millrace.inference.rows.InvalidRows;
import io.millrace.inference.rows.RowBatch;
import io.millrace.modelpackage.Scores;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import tools.jackson.core.JacksonException;

/**
 * One call from body to answer: find the model, read the rows, score, log, count. A call the model
 * is expected to answer within the budget stays on the network thread, which is faster than handing
 * it over; a larger one goes to a bounded pool so that small ones do not wait behind it.
 */
@Component
public final class Scoring implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(Scoring.class);

  /** Reading and writing a value of the request costs about this, measured on a busy machine. */
  private static final long NANOS_PER_BYTE = 10;

  private final ModelTable models;
  private final PredictionLog predictions;
  private final Bodies bodies;
  private final MeterRegistry meters;
  private final Map<Meter, Timer> timers = new ConcurrentHashMap<>();
  private final long budget;
  private final ThreadPoolExecutor pool;
  private final Scheduler scheduler;

  private record Meter(String model, String environment, String outcome) {}

  /**
   * Which model a call is for.
   *
   * @param environment where it is served
   * @param model null where the one served model is meant
   * @param version null for whatever version is served
   */
  public record Target(String environment, @Nullable String model, @Nullable String version) {}

  /** A protocol: makes rows of a body and a body of an answer. */
  public interface Protocol<Q, T> {
    /** Name in the log. */
    String name();

    /** Reads what needs no model. */
    Q read(byte[] body);

    /** Makes rows as the model takes them. */
    RowBatch rows(Q request, ServedModel model);

    /** Writes the answer. */
    T write(Q request, Answer answer);
  }

  Scoring(
      ModelTable models,
      PredictionLog predictions,
      Bodies bodies,
      RequestSettings settings,
      MeterRegistry meters) {
    this.models = models;
    this.predictions = predictions;
    this.bodies = bodies;
    this.meters = meters;
    this.budget = settings.eventLoopBudget().toNanos();
    int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
    this.pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(settings.queue()),
            Thread.ofPlatform().name("scoring-", 0).daemon().factory());
    this.pool.allowCoreThreadTimeOut(true);
    this.scheduler = Schedulers.fromExecutorService(pool, "scoring");
    meters.gauge("inference.queue", pool, p -> p.getQueue().size());
  }

  /**
   * Answers a call.
   *
   * @return the answer, or {@link Refusal}, the only error it ends with
   */
  public <Q, T> Mono<T> call(ServerHttpRequest request, Target target, Protocol<Q, T> protocol) {
    long start = System.nanoTime();
    Function<byte[], Mono<T>> work =
        body -> {
          ServedModel model;
          try {
            model = models.acquire(target.environment(), target.model(), target.version());
          } catch (NotServed e) {
            return Mono.error(new Refusal(HttpStatus.NOT_FOUND, String.valueOf(e.getMessage())));
          }
          if (body.length * NANOS_PER_BYTE < budget) {
            Call<Q, T> call = new Call<>(model, protocol, start);
            try {
              call.read(body);
              if (model.expectedNanos(call.rows()) <= budget) {
                return Mono.just(call.finish());
              }
            } catch (RuntimeException e) {
              return Mono.error(call.failed(e));
            }
            return onPool(call, call::finish);
          }
          Call<Q, T> call = new Call<>(model, protocol, start);
          return onPool(
              call,
              () -> {
                call.read(body);
                return call.finish();
              });
        };
    return bodies
        .with(request, work)
        .onErrorMap(
            e -> !(e instanceof Refusal),
            e -> {
              log.error("A call failed", e);
              return new Refusal(HttpStatus.INTERNAL_SERVER_ERROR, "the call failed; see the log");
            })
        .doOnError(
            Refusal.class,
            e -> {
              if (e.status() == HttpStatus.NOT_FOUND
                  || e.status() == HttpStatus.CONTENT_TOO_LARGE
                  || e.status() == HttpStatus.UNSUPPORTED_MEDIA_TYPE) {
                timer("unknown", "unknown", "refused")
                    .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
              }
            });
  }

  private <Q, T> Mono<T> onPool(Call<Q, T> call, Supplier<T> work) {
    AtomicBoolean taken = new AtomicBoolean();
    return Mono.fromSupplier(
            () -> {
              if (!taken.compareAndSet(false, true)) {
                throw new CancellationException("the client went away");
              }
              return work.get();
            })
        .onErrorMap(RuntimeException.class, call::failed)
        .subscribeOn(scheduler)
        .onErrorMap(
            RejectedExecutionException.class,
            e -> {
              call.release();
              return new Refusal(
                  HttpStatus.TOO_MANY_REQUESTS, "too many calls wait; try again in a moment");
            })
        .doOnCancel(
            () -> {
              // A call that runs already releases the model itself.
              if (taken.compareAndSet(false, true)) {
                call.release();
              }
            });
  }

  private Timer timer(String model, String environment, String outcome) {
    return timers.computeIfAbsent(
        new Meter(model, environment, outcome),
        key ->
            Timer.builder("inference.request.duration")
                .description("Time to answer, from the first byte read to the answer written")
                .tags(
                    "model",
                    key.model(),
                    "environment",
                    key.environment(),
                    "outcome",
                    key.outcome())
                .serviceLevelObjectives(
                    Duration.ofNanos(500_000),
                    Duration.ofMillis(1),
                    Duration.ofMillis(2),
                    Duration.ofMillis(5),
                    Duration.ofMillis(10),
                    Duration.ofMillis(25),
                    Duration.ofMillis(50),
                    Duration.ofMillis(100),
                    Duration.ofMillis(250),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(5))
                .register(meters));
  }

  @Override
  public void destroy() {
    scheduler.dispose();
    pool.shutdown();
  }

  /** One call that holds a model until it is finished or failed. */
  private final class Call<Q, T> {
    private final ServedModel model;
    private final Protocol<Q, T> protocol;
    private final long start;
    private @Nullable Q request;
    private @Nullable RowBatch batch;
    private final AtomicBoolean held = new AtomicBoolean(true);

    Call(ServedModel model, Protocol<Q, T> protocol, long start) {
      this.model = model;
      this.protocol = protocol;
      this.start = start;
    }

    void read(byte[] body) {
      Q read = protocol.read(body);
      request = read;
      batch = protocol.rows(read, model);
    }

    int rows() {
      return batch == null ? 0 : batch.rows();
    }

    T finish() {
      Q asked = request;
      RowBatch rows = batch;
      if (asked == null || rows == null) {
        throw new IllegalStateException("the call was not read");
      }
      Scores scores = model.score(rows);
      requireFinite(scores);
      Answer answer = new Answer(newId(), model, rows, scores);
      T written = protocol.write(asked, answer);
      long nanos = System.nanoTime() - start;
      predictions.add(
          new Prediction(
              answer.id(),
              model.endpoint().environment(),
              model.endpoint().model(),
              model.version(),
              Instant.now(),
              protocol.name(),
              rows,
              scores,
              TimeUnit.NANOSECONDS.toMicros(nanos)));
      timer(model.endpoint().model(), model.endpoint().environment(), "answered")
          .record(nanos, TimeUnit.NANOSECONDS);
      release();
      return written;
    }

    Throwable failed(RuntimeException e) {
      release();
      boolean clients =
          e instanceof InvalidRows || e instanceof Refusal || e instanceof JacksonException;
      timer(
              model.endpoint().model(),
              model.endpoint().environment(),
              clients ? "refused" : "failed")
          .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
      return switch (e) {
        case Refusal refusal -> refusal;
        case InvalidRows invalid -> Refusal.badRequest(String.valueOf(invalid.getMessage()));
        case JacksonException json ->
            Refusal.badRequest(
                "the body is not the JSON it should be: " + json.getOriginalMessage());
        default -> {
          log.error("Scoring {} version {} failed", model.endpoint(), model.version(), e);
          yield new Refusal(
              HttpStatus.INTERNAL_SERVER_ERROR, "the model failed on these rows; see the log");
        }
      };
    }

    void release() {
      if (held.compareAndSet(true, false)) {
        model.release();
      }
    }
  }

  private static void requireFinite(Scores scores) {
    boolean classes = !scores.classes().isEmpty();
    for (int r = 0; r < scores.rows(); r++) {
      float one = classes ? scores.probability(r, 0) : scores.value(r);
      if (Float.isNaN(one) || Float.isInfinite(one)) {
        throw Refusal.badRequest(
            "the model has no answer for row %d; does it have a missing or extreme value the model was not trained for?"
                .formatted(r));
      }
    }
  }

  /** A UUID version 7: sorts by time. Predictability does no harm here. */
  private static UUID newId() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return new UUID(
        System.currentTimeMillis() << 16 | 0x7000 | random.nextLong() & 0x0FFF,
        random.nextLong() & 0x3FFFFFFFFFFFFFFFL | 0x8000000000000000L);
  }
}
