/** Multilayer perceptrons by Deeplearning4j, and their ONNX form. */
@NullMarked
package io.millrace.trainers.network;

import org.jspecify.annotations.NullMarked;
