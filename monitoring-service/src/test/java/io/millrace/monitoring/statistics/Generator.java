package io.millrace.monitoring.statistics;

/**
 * Random numbers anybody can make again: s0 = seed, s <- 16807 s mod (2^31 - 1), u = s / (2^31 -
 * 1); a normal one is the sum of twelve u minus 6 (Park and Miller 1988).
 */
final class Generator {

  private static final long MODULUS = (1L << 31) - 1;
  private long state;

  Generator(long seed) {
    state = seed;
  }

  double uniform() {
    state = 16807 * state % MODULUS;
    return (double) state / MODULUS;
  }

  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
      sum += uniform();
    }
    return sum;
  }

  double[] normals(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = normal();
    }
    return values;
  }
}
