package io.millrace.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The same call made by many clients at once, in one of two ways: as fast as they are answered,
 * which finds the throughput, or at a steady rate, which finds how long a call takes.
 */
final class Load {

  static final int CLIENTS = 16;

  /** Calls a second of each client that has a steady rate. */
  static final int PACE = 10;

  private static final Duration WARM_UP = Duration.ofSeconds(15);
  private static final Duration MEASURED = Duration.ofSeconds(15);

  private Load() {}

  /** A call that is repeated. */
  interface Call {
    void make() throws Exception;
  }

  /** What each client calls. */
  interface Step {
    Call of(int client) throws Exception;
  }

  /**
   * What clients that never pause get.
   *
   * @param took from each call's start to its answer
   */
  record Saturated(Samples took, double callsASecond) {

    String describe() {
      return String.format(Locale.ROOT, "%,.0f calls/s, %s", callsASecond, took.describe());
    }
  }

  /** Calls a second that so many clients get through together. */
  static double rate(int clients, Duration length, Step step) throws Exception {
    var calls = new AtomicLong();
    var begun = System.nanoTime();
    var until = begun + length.toNanos();
    together(
        clients,
        client -> {
          var call = step.of(client);
          while (System.nanoTime() < until) {
            call.make();
            calls.incrementAndGet();
          }
          return Boolean.TRUE;
        });
    return calls.get() / ((System.nanoTime() - begun) / 1e9);
  }

  /**
   * 16 clients that each call again as soon as they are answered; measured after as many seconds
   * that are not.
   */
  static Saturated saturated(Step step) throws Exception {
    rate(CLIENTS, WARM_UP, step);
    var begun = System.nanoTime();
    var until = begun + MEASURED.toNanos();
    var took =
        all(
            together(
                CLIENTS,
                client -> {
                  var call = step.of(client);
                  var own = new Samples();
                  while (System.nanoTime() < until) {
                    var start = System.nanoTime();
                    call.make();
                    own.add(System.nanoTime() - start);
                  }
                  return own;
                }));
    return new Saturated(took, took.count() / ((System.nanoTime() - begun) / 1e9));
  }

  /**
   * 16 clients that each call {@value #PACE} times a second, in turn. A call's time counts from
   * when it was due, so that one slow answer is also charged to the calls that waited behind it.
   * The code is expected to be warm.
   */
  static Samples paced(Step step) throws Exception {
    var interval = Duration.ofSeconds(1).toNanos() / PACE;
    var begun = System.nanoTime() + interval;
    var settled = begun + 2 * Duration.ofSeconds(1).toNanos();
    var until = settled + MEASURED.toNanos();
    return all(
        together(
            CLIENTS,
            client -> {
              var call = step.of(client);
              var own = new Samples();
              for (var due = begun + interval * client / CLIENTS; due < until; due += interval) {
                awaitTime(due);
                call.make();
                if (due >= settled) {
                  own.add(System.nanoTime() - due);
                }
              }
              return own;
            }));
  }

  private static void awaitTime(long due) {
    for (var left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static Samples all(List<Samples> parts) {
    var all = new Samples();
    parts.forEach(all::addAll);
    return all;
  }

  private interface Work<T> {
    T of(int client) throws Exception;
  }

  private static <T> List<T> together(int clients, Work<T> work) throws Exception {
    try (var threads = Executors.newFixedThreadPool(clients)) {
      var futures = new ArrayList<Future<T>>();
      for (int i = 0; i < clients; i++) {
        var client = i;
        Callable<T> task = () -> work.of(client);
        futures.add(threads.submit(task));
      }
      var results = new ArrayList<T>();
      for (var future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }
}
