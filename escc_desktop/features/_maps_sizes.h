/* Runs, zones, dependences and grey tone differences in a neighbourhood. */
#ifndef ESCC_MAPS_SIZES_H
#define ESCC_MAPS_SIZES_H

#include "_maps_kernel.h"

#include <stdlib.h>

enum { N_SIZES = 16, N_NGTDM = 5 };

/* How many runs, zones or dependences of which size there are at which level. */
typedef struct {
    int count[SLOTS][SLOTS]; /* level, size - 1 */
} Sizes;

static void size_features(const Kernel *k, const Sizes *m, double *out)
{
    double n = 0, voxels = 0, grey_mean = 0, size_mean = 0, of_level[SLOTS] = {0}, of_size[SLOTS] = {0};
    memset(out, 0, N_SIZES * sizeof(double));
    for (int i = 0; i < k->n; i++)
        for (int j = 0; j < SLOTS; j++) {
            of_level[i] += m->count[i][j];
            of_size[j] += m->count[i][j];
            n += m->count[i][j];
        }
    for (int i = 0; i < k->n; i++) {
        double level2 = k->grey[i] * k->grey[i];
        grey_mean += of_level[i] / n * k->grey[i];
        out[2] += of_level[i] * of_level[i] / n;
        out[10] += of_level[i] / level2 / n;
        out[11] += of_level[i] * level2 / n;
        for (int j = 0; j < SLOTS; j++) {
            double size2 = (j + 1.0) * (j + 1.0), p = m->count[i][j] / n;
            if (p == 0)
                continue;
            out[9] += entropy_of(p);
            out[12] += p / (level2 * size2);
            out[13] += p * level2 / size2;
            out[14] += p * size2 / level2;
            out[15] += p * size2 * level2;
        }
    }
    for (int j = 0; j < SLOTS; j++) {
        double size = j + 1.0;
        voxels += of_size[j] * size;
        size_mean += of_size[j] / n * size;
        out[0] += of_size[j] / (size * size) / n;
        out[1] += of_size[j] * (size * size) / n;
        out[4] += of_size[j] * of_size[j] / n;
    }
    out[3] = out[2] / n;
    out[5] = out[4] / n;
    out[6] = n / voxels;
    for (int i = 0; i < k->n; i++)
        out[7] += of_level[i] / n * ((k->grey[i] - grey_mean) * (k->grey[i] - grey_mean));
    for (int j = 0; j < SLOTS; j++)
        out[8] += of_size[j] / n * ((j + 1 - size_mean) * (j + 1 - size_mean));
}

/* Count the runs of one line; return how many voxels of the region lie on it. */
static int walk(const Kernel *k, int slot, const int *step, Sizes *m)
{
    int length = 0, level = -1, n = 0, next = slot, more = 1;
    while (more) {
        slot = next;
        more = is_inside(slot, step, &next);
        n += k->code[slot] >= 0;
        if (length && k->code[slot] != level) {
            m->count[level][length - 1]++;
            length = 0;
        }
        level = k->code[slot];
        length += level >= 0;
    }
    if (length)
        m->count[level][length - 1]++;
    return n;
}

static void glrlm(const Plan *plan, const Kernel *k, double *out)
{
    Means means = {0};
    for (int a = 0; a < DIRECTIONS; a++) {
        const int *step = plan->step[a], back[3] = {-step[0], -step[1], -step[2]};
        double values[N_SIZES];
        int longest = 0, before;
        Sizes m = {0};
        for (int s = 0; s < SLOTS; s++)
            if (!is_inside(s, back, &before)) {
                int n = walk(k, s, step, &m);
                longest = n > longest ? n : longest;
            }
        if (longest < 2) /* no line of this direction has two voxels: the direction is left out */
            continue;
        size_features(k, &m, values);
        take_in(&means, a, values, N_SIZES);
    }
    give_out(&means, N_SIZES, out);
}

static void glszm(const Plan *plan, const Kernel *k, double *out)
{
    unsigned char seen[SLOTS] = {0};
    Sizes m = {0};
    (void)plan;
    for (int s = 0; s < SLOTS; s++) {
        int stack[SLOTS], top = 0, size = 0;
        if (k->code[s] < 0 || seen[s])
            continue;
        seen[s] = 1;
        stack[top++] = s;
        while (top) {
            int here = stack[--top];
            size++;
            for (int to = 0; to < SLOTS; to++) {
                int near = abs(to / 9 - here / 9) < 2 && abs(to / 3 % 3 - here / 3 % 3) < 2 && abs(to % 3 - here % 3) < 2;
                if (near && !seen[to] && k->code[to] == k->code[s]) {
                    seen[to] = 1;
                    stack[top++] = to;
                }
            }
        }
        m.count[k->code[s]][size - 1]++;
    }
    size_features(k, &m, out);
}

static void gldm(const Plan *plan, const Kernel *k, double *out)
{
    int alike[SLOTS] = {0};
    Sizes m = {0};
    for (int a = 0; a < DIRECTIONS; a++)
        for (int s = 0, to; s < SLOTS; s++)
            if (k->code[s] >= 0 && is_inside(s, plan->step[a], &to) && k->code[to] == k->code[s]) {
                alike[s]++;
                alike[to]++;
            }
    for (int s = 0; s < SLOTS; s++)
        if (k->code[s] >= 0)
            m.count[k->code[s]][alike[s]]++;
    size_features(k, &m, out);
}

/* ---- Neighbouring grey tone difference ---- */

static void ngtdm(const Plan *plan, const Kernel *k, double *out)
{
    double sum[SLOTS] = {0}, s[SLOTS] = {0}, p[SLOTS] = {0}, total = 0, distance = 0, apart = 0, n = k->n_voxels;
    int neighbours[SLOTS] = {0};
    for (int a = 0; a < DIRECTIONS; a++)
        for (int here = 0, to; here < SLOTS; here++)
            if (k->code[here] >= 0 && is_inside(here, plan->step[a], &to) && k->code[to] >= 0) {
                sum[here] += k->grey[k->code[to]];
                sum[to] += k->grey[k->code[here]];
                neighbours[here]++;
                neighbours[to]++;
            }
    for (int here = 0; here < SLOTS; here++) {
        int i = k->code[here];
        if (i < 0)
            continue;
        p[i]++;
        s[i] += neighbours[here] ? fabs(k->grey[i] - sum[here] / neighbours[here]) : 0;
    }
    memset(out, 0, N_NGTDM * sizeof(double));
    for (int i = 0; i < k->n; i++) {
        p[i] /= n;
        total += s[i];
        out[1] += p[i] * s[i];
    }
    for (int i = 0; i < k->n; i++)
        for (int j = 0; j < k->n; j++) {
            double d = k->grey[i] - k->grey[j];
            distance += fabs(k->grey[i] * p[i] - k->grey[j] * p[j]);
            out[2] += fabs(d) * (p[i] * s[i] + p[j] * s[j]) / (p[i] + p[j]);
            out[3] += p[i] * p[j] * (d * d);
            apart += (p[i] + p[j]) * (d * d);
        }
    out[0] = distance == 0 ? 0 : out[1] / distance;
    out[1] = out[1] == 0 ? 1e6 : 1 / out[1];
    out[2] /= n;
    out[3] = k->n < 2 ? 0 : out[3] * total / n / (k->n * (k->n - 1));
    out[4] = total == 0 ? 0 : apart / total;
}

#endif
