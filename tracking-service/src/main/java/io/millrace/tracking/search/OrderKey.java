package io.millrace.tracking.search;

/** One key of an order. */
public record OrderKey(Field field, boolean ascending) {}
