-- SPDX-License-Identifier: GPL-2.0
--
-- Several threads fill one table, and make and drop objects while they do.
--
--     make lua && build/lua/lua-threads 4 userspace/lua/example.lua

local rounds = 20000
local sums = {}

-- A thread: runs whenever it has the lock.
function work(n)
    local sum, names = 0, {}
    for i = 1, rounds do
        names[i % 100] = "thread " .. n .. ", round " .. i
        sum = sum + i
    end
    assert(names[1] == "thread " .. n .. ", round " .. (rounds - 99))
    sums[n] = sum
end

function finish()
    for n, sum in ipairs(sums) do
        print("thread " .. n, sum, sum == rounds * (rounds + 1) // 2 and "right" or "wrong")
    end
end
