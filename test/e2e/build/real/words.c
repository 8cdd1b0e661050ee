#include "words.h"
#include <ctype.h>

long words(FILE *file) {
  long count = 0;
  int inside = 0;
  for (int c = getc(file); c != EOF; c = getc(file)) {
    count += !inside && !isspace(c);
    inside = !isspace(c);
  }
  return count;
}
