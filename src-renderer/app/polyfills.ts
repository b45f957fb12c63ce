// Newer than the oldest Chromium that the window runs in.
import 'core-js/actual/promise/with-resolvers';
import 'core-js/actual/array/to-sorted';
import 'core-js/actual/array/to-reversed';
